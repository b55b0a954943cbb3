// SPDX-License-Identifier: GPL-3.0-or-later
// info stores, instances, imports, exports, tables and tags: what the guest's world is made of.
#include "tracer/report/state.h"
#include "tracer/repl/repl.h"

/** Begin the list; what is said when there is nothing in it. */
static void begin(struct op_repl *repl, const char *key, size_t count, const char *none)
{
	if (repl->out.json)
		op_json_begin_array(&repl->out.writer, key);
	else if (!count)
		op_output_printf(&repl->out, "%s\n", none);
}

static void end(struct op_repl *repl)
{
	if (repl->out.json)
		op_json_end_array(&repl->out.writer);
}

static struct op_error *stores_run(struct op_repl *repl, const struct op_call *call)
{
	const struct op_store_info *stores;
	size_t count;
	struct op_error *err = op_argument_none(call->rest, "info stores");
	if (!err)
		err = op_session_stores(repl->session, &stores, &count);
	if (err)
		return err;
	begin(repl, "stores", count, "The process has no store.");
	for (size_t i = 0; i < count; i++) {
		if (!repl->out.json) {
			op_store_row(&repl->out, &stores[i]);
			op_output_drain(&repl->out);
			continue;
		}
		op_json_begin_object(&repl->out.writer, NULL);
		op_store_members(&repl->out.writer, &stores[i]);
		op_json_end_object(&repl->out.writer);
	}
	end(repl);
	return NULL;
}

static struct op_error *instances_run(struct op_repl *repl, const struct op_call *call)
{
	const struct op_instance_info *instances;
	size_t count;
	struct op_error *err = op_argument_none(call->rest, "info instances");
	if (!err)
		err = op_session_instances(repl->session, &instances, &count);
	if (err)
		return err;
	begin(repl, "instances", count, "The process has no instance.");
	for (size_t i = 0; i < count; i++) {
		if (!repl->out.json) {
			op_instance_row(&repl->out, &instances[i]);
			op_output_drain(&repl->out);
			continue;
		}
		op_json_begin_object(&repl->out.writer, NULL);
		op_instance_members(&repl->out.writer, &instances[i]);
		op_json_end_object(&repl->out.writer);
	}
	end(repl);
	return NULL;
}

static struct op_error *imports_run(struct op_repl *repl, const struct op_call *call)
{
	const struct op_import_info *imports;
	size_t count;
	struct op_error *err = op_argument_none(call->rest, "info imports");
	if (!err)
		err = op_session_imports(repl->session, op_repl_frame_or_null(repl), &imports,
					 &count);
	if (err)
		return err;
	begin(repl, "imports", count, "The instance imports nothing.");
	for (size_t i = 0; i < count; i++) {
		if (!repl->out.json) {
			op_import_row(&repl->out, &imports[i]);
			op_output_drain(&repl->out);
			continue;
		}
		op_json_begin_object(&repl->out.writer, NULL);
		op_import_members(&repl->out.writer, &imports[i]);
		op_json_end_object(&repl->out.writer);
	}
	end(repl);
	return NULL;
}

static struct op_error *exports_run(struct op_repl *repl, const struct op_call *call)
{
	const struct op_export_info *exports;
	size_t count;
	struct op_error *err = op_argument_none(call->rest, "info exports");
	if (!err)
		err = op_session_exports(repl->session, op_repl_frame_or_null(repl), &exports,
					 &count);
	if (err)
		return err;
	begin(repl, "exports", count, "The instance exports nothing.");
	for (size_t i = 0; i < count; i++) {
		if (!repl->out.json) {
			op_export_row(&repl->out, &exports[i]);
			op_output_drain(&repl->out);
			continue;
		}
		op_json_begin_object(&repl->out.writer, NULL);
		op_export_members(&repl->out.writer, &exports[i]);
		op_json_end_object(&repl->out.writer);
	}
	end(repl);
	return NULL;
}

static struct op_error *tables_run(struct op_repl *repl, const struct op_call *call)
{
	const struct op_table_info *tables;
	size_t count;
	struct op_error *err = op_argument_none(call->rest, "info tables");
	if (!err)
		err = op_session_tables(repl->session, op_repl_frame_or_null(repl), &tables,
					&count);
	if (err)
		return err;
	begin(repl, "tables", count, "The instance has no table.");
	for (size_t i = 0; i < count; i++) {
		if (!repl->out.json) {
			op_table_row(&repl->out, &tables[i]);
			continue;
		}
		op_json_begin_object(&repl->out.writer, NULL);
		op_table_members(&repl->out.writer, &tables[i]);
		op_json_end_object(&repl->out.writer);
	}
	end(repl);
	return NULL;
}

static struct op_error *tags_run(struct op_repl *repl, const struct op_call *call)
{
	const struct op_tag_info *tags;
	size_t count;
	struct op_error *err = op_argument_none(call->rest, "info tags");
	if (!err)
		err = op_session_tags(repl->session, op_repl_frame_or_null(repl), &tags, &count);
	if (err)
		return err;
	begin(repl, "tags", count, "The instance has no tag.");
	for (size_t i = 0; i < count; i++) {
		if (!repl->out.json) {
			op_tag_row(&repl->out, &tags[i]);
			continue;
		}
		op_json_begin_object(&repl->out.writer, NULL);
		op_tag_members(&repl->out.writer, &tags[i]);
		op_json_end_object(&repl->out.writer);
	}
	end(repl);
	return NULL;
}

const struct op_command op_info_stores = {
	.name = "stores",
	.group = OP_GROUP_DATA,
	.args = "",
	.help = "List the stores: what runs in each, fuel, epoch deadline, stack limit, GC heap.",
	.flags = OP_COMMAND_NEEDS_STOPPED,
	.run = stores_run,
};

const struct op_command op_info_instances = {
	.name = "instances",
	.group = OP_GROUP_DATA,
	.args = "",
	.help = "List the instances of all stores with their modules; \"instance N\" selects one.",
	.flags = OP_COMMAND_NEEDS_STOPPED,
	.run = instances_run,
};

const struct op_command op_info_imports = {
	.name = "imports",
	.group = OP_GROUP_DATA,
	.args = "",
	.help = "List what the instance imports and what each import is bound to.",
	.flags = OP_COMMAND_NEEDS_STOPPED,
	.run = imports_run,
};

const struct op_command op_info_exports = {
	.name = "exports",
	.group = OP_GROUP_DATA,
	.args = "",
	.help = "List what the instance exports.",
	.flags = OP_COMMAND_NEEDS_STOPPED,
	.run = exports_run,
};

const struct op_command op_info_tables = {
	.name = "tables",
	.group = OP_GROUP_DATA,
	.args = "",
	.help = "List the instance's tables with type and size; \"print $table0[0..10]\" shows "
		"elements.",
	.flags = OP_COMMAND_NEEDS_STOPPED,
	.run = tables_run,
};

const struct op_command op_info_tags = {
	.name = "tags",
	.group = OP_GROUP_DATA,
	.args = "",
	.help = "List the instance's exception tags with their types.",
	.flags = OP_COMMAND_NEEDS_STOPPED,
	.run = tags_run,
};
