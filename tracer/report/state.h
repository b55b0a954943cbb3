// SPDX-License-Identifier: GPL-3.0-or-later
// Stores, instances and their items as text and JSON: for each a row, and the members of its
// object, which the caller opens and closes. Knows no session.
#ifndef OP_TRACER_REPORT_STATE_H
#define OP_TRACER_REPORT_STATE_H

#include "tracer/outpost.h"
#include "tracer/report/output.h"

void op_store_row(struct op_output *out, const struct op_store_info *store);
void op_store_members(struct op_json *json, const struct op_store_info *store);
void op_instance_row(struct op_output *out, const struct op_instance_info *instance);
void op_instance_members(struct op_json *json, const struct op_instance_info *instance);
void op_memory_row(struct op_output *out, const struct op_memory_report *memory);
void op_memory_members(struct op_json *json, const struct op_memory_report *memory);
void op_table_row(struct op_output *out, const struct op_table_info *table);
void op_table_members(struct op_json *json, const struct op_table_info *table);
void op_tag_row(struct op_output *out, const struct op_tag_info *tag);
void op_tag_members(struct op_json *json, const struct op_tag_info *tag);
void op_import_row(struct op_output *out, const struct op_import_info *import);
void op_import_members(struct op_json *json, const struct op_import_info *import);
void op_export_row(struct op_output *out, const struct op_export_info *item);
void op_export_members(struct op_json *json, const struct op_export_info *item);

#endif
