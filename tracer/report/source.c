// SPDX-License-Identifier: GPL-3.0-or-later
// The source level; see source.h. Knows no session.
#include "tracer/report/source.h"

#include <inttypes.h>

void op_listed_line(struct op_output *out, const struct op_source_line *line, bool current)
{
	if (out->json) {
		op_json_begin_object(&out->writer, NULL);
		op_json_uint(&out->writer, "line", line->number);
		op_json_string(&out->writer, "text", line->text);
		op_json_bool(&out->writer, "has_code", line->has_code);
		op_json_bool(&out->writer, "current", current);
		op_json_end_object(&out->writer);
		return;
	}
	op_output_printf(out, "%s ", current ? "->" : "  ");
	op_output_styled(out, line->has_code ? OP_STYLE_PLAIN : OP_STYLE_DIM, "%" PRIu32,
			 line->number);
	op_output_printf(out, "\t%s\n", line->text);
}

static void range_json(struct op_json *json, const struct op_source_range *range, bool with_line)
{
	op_json_begin_object(json, NULL);
	op_json_string(json, "module", range->module);
	op_json_string(json, "function", range->function);
	op_json_uint(json, "pc", range->pc);
	op_json_uint(json, "end_pc", range->end_pc);
	if (with_line) {
		op_json_string(json, "file", range->file);
		op_json_uint(json, "line", range->line);
	}
	if (range->column)
		op_json_uint(json, "column", range->column);
	else
		op_json_null(json, "column");
	op_json_bool(json, "is_statement", range->is_statement);
	op_json_end_object(json);
}

void op_source_range_report(struct op_output *out, const struct op_source_range *range,
			    bool with_line)
{
	if (out->json) {
		range_json(&out->writer, range, with_line);
		return;
	}
	op_output_printf(out, "  ");
	op_output_styled(out, OP_STYLE_ADDRESS, "0x%" PRIx32 "..0x%" PRIx32, range->pc,
			 range->end_pc);
	op_output_printf(out, "  ");
	op_output_styled(out, OP_STYLE_FUNCTION, "%s", range->function);
	op_output_printf(out, " in %s", range->module);
	if (with_line)
		op_output_printf(out, ", %s:%" PRIu32, range->file, range->line);
	op_output_printf(out, "%s\n", range->is_statement ? "" : " (no statement begins here)");
}

static void member(struct op_output *out, const char *key, const char *title, const char *value,
		   const char *otherwise)
{
	if (!out->json)
		op_output_printf(out, "  %-12s%s\n", title, value ? value : otherwise);
	else if (value)
		op_json_string(&out->writer, key, value);
	else
		op_json_null(&out->writer, key);
}

void op_source_summary_report(struct op_output *out, const struct op_source_summary *summary)
{
	struct op_json *json = &out->writer;
	member(out, "module", "module", summary->module, "");
	if (out->json)
		member(out, "missing", "", summary->missing, "");
	if (summary->missing) {
		if (!out->json)
			op_output_printf(out, "  %s\n", summary->missing);
		return;
	}
	member(out, "origin", "read from", summary->origin, "the module itself");
	if (!summary->unit)
		return;
	member(out, "file", "file", summary->file, "not known: the place belongs to no line");
	if (summary->file)
		member(out, "path", "here", summary->path, "not found");
	member(out, "unit", "unit", summary->unit, "");
	member(out, "directory", "compiled in", *summary->directory ? summary->directory : NULL,
	       "not recorded");
	member(out, "producer", "by", *summary->producer ? summary->producer : NULL,
	       "not recorded");
	if (out->json) {
		op_json_string(json, "language", summary->language);
		op_json_uint(json, "dwarf_version", summary->version);
	} else {
		op_output_printf(out, "  language    %s, DWARF %u\n", summary->language,
				 summary->version);
	}
}
