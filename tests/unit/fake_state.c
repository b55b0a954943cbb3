// SPDX-License-Identifier: GPL-3.0-or-later
// The double of the guest's state behind tracer/outpost.h; part of fake_session.h's program: one
// store with the host's instance 0 and instance 1 of module "app", which has two globals, a table,
// a memory, a tag. An anyref 0x21 is a node in a ring.
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fake_session.h"

static const int64_t threads[] = {FAKE_PID};
static const uint32_t suspended[] = {0};
static const struct op_store_info store = {
	.address = {0x5000},
	.layout_known = true,
	.uses_fuel = true,
	.fuel = -5,
	.uses_epochs = true,
	.epoch_deadline = 9,
	.has_epoch = true,
	.epoch = 7,
	.has_stack_limit = true,
	.stack_limit = {0x7f00},
	.gc_base = {0x60000},
	.gc_size = 65536,
	.collector = "drc",
	.in_activation = true,
	.instance_count = 2,
	.threads = threads,
	.thread_count = 1,
	.suspended = suspended,
	.suspended_count = 1,
};
static uint32_t selected = UINT32_MAX;
static struct op_instance_info instances[] = {
	{.vmctx = {0x1000}, .has_id = true, .origin = OP_ORIGIN_HOST, .module_id = UINT32_MAX},
	{.number = 1, .vmctx = {0x2000}, .has_id = true, .id = 1, .module = "app"},
};

struct op_error *op_session_stores(struct op_session *session, const struct op_store_info **ret,
				   size_t *ret_count)
{
	*ret = &store;
	*ret_count = 1;
	return NULL;
}

struct op_error *op_session_instances(struct op_session *session,
				      const struct op_instance_info **ret, size_t *ret_count)
{
	for (uint32_t i = 0; i < OP_ARRAY_SIZE(instances); i++)
		instances[i].selected = i == selected;
	*ret = instances;
	*ret_count = OP_ARRAY_SIZE(instances);
	return NULL;
}

struct op_error *op_session_select_instance(struct op_session *session, uint32_t number)
{
	if (number >= OP_ARRAY_SIZE(instances))
		return op_error_create(OP_ERROR_NOT_FOUND, "there is no instance %u", number);
	selected = number;
	return NULL;
}

bool op_session_selected_suspended(const struct op_session *session, size_t *ret)
{
	*ret = 0;
	return false;
}

struct op_error *op_session_scope(struct op_session *session, const struct op_frame *frame,
				  const struct op_instance_info **ret)
{
	size_t count;
	struct op_error *err = op_session_instances(session, ret, &count);
	*ret += selected == UINT32_MAX ? 1 : selected;
	return err;
}

struct op_error *op_session_globals(struct op_session *session, const struct op_frame *frame,
				    const char *pattern, const struct op_global_info **ret,
				    size_t *ret_count)
{
	static const struct op_global_info globals[] = {
		{.name = "count",
		 .type = "i32",
		 .is_mutable = true,
		 .value = {.type = OP_VALUE_I32, .bytes = {5}}},
		{.index = 1,
		 .type = "anyref",
		 .imported = true,
		 .value = {.type = OP_VALUE_ANYREF, .bytes = {0x21}}},
	};
	*ret = globals;
	*ret_count = pattern ? strcmp(pattern, "count") == 0 : 2;
	return NULL;
}

struct op_error *op_session_tables(struct op_session *session, const struct op_frame *frame,
				   const struct op_table_info **ret, size_t *ret_count)
{
	static const struct op_table_info table = {.name = "dispatch",
						   .type = "funcref",
						   .size = 3,
						   .minimum = 1,
						   .maximum = 10,
						   .has_maximum = true};
	*ret = &table;
	*ret_count = 1;
	return NULL;
}

struct op_error *op_session_memory_reports(struct op_session *session, const struct op_frame *frame,
					   const struct op_memory_report **ret, size_t *ret_count)
{
	static const struct op_memory_report memory = {.name = "memory",
						       .base = {0x7e0000000000},
						       .size = FAKE_MEMORY,
						       .page_size = 65536,
						       .has_maximum = true,
						       .maximum = 2 * FAKE_MEMORY,
						       .has_reservation = true,
						       .reservation = (uint64_t)1 << 32,
						       .shared = true};
	*ret = &memory;
	*ret_count = 1;
	return NULL;
}

struct op_error *op_session_tags(struct op_session *session, const struct op_frame *frame,
				 const struct op_tag_info **ret, size_t *ret_count)
{
	static const struct op_tag_info tag = {.name = "fault", .type = "(i32)"};
	*ret = &tag;
	*ret_count = 1;
	return NULL;
}

const char *op_item_kind_name(enum op_item_kind kind)
{
	return kind == OP_ITEM_FUNCTION ? "function" : "global";
}

struct op_error *op_session_imports(struct op_session *session, const struct op_frame *frame,
				    const struct op_import_info **ret, size_t *ret_count)
{
	static const struct op_import_info imports[] = {
		{.kind = OP_ITEM_FUNCTION,
		 .module = "wasi",
		 .name = "fd_read",
		 .bound_to_host = true,
		 .function = "host function at 0x1234",
		 .instance = UINT32_MAX,
		 .address = {0x1234}},
		{.kind = OP_ITEM_GLOBAL,
		 .module = "env",
		 .name = "any",
		 .instance = 0,
		 .has_index = true,
		 .instance_index = 4},
	};
	*ret = imports;
	*ret_count = 2;
	return NULL;
}

struct op_error *op_session_exports(struct op_session *session, const struct op_frame *frame,
				    const struct op_export_info **ret, size_t *ret_count)
{
	static const struct op_export_info item = {
		.kind = OP_ITEM_FUNCTION, .index = 2, .name = "start", .item = "_start"};
	*ret = &item;
	*ret_count = 1;
	return NULL;
}

const char *op_node_kind_name(enum op_node_kind kind)
{
	return kind == OP_NODE_STRUCT ? "struct" : "other";
}

struct op_error *op_session_expand(struct op_session *session, const struct op_frame *frame,
				   const struct op_result *result,
				   const struct op_expand_limits *limits,
				   const struct op_value_node **ret)
{
	static struct op_value_node fields[2], node;
	node = (struct op_value_node){.value = result->value, .instance = UINT32_MAX};
	*ret = &node;
	if (result->value.type != OP_VALUE_ANYREF)
		return NULL;
	fields[0] = (struct op_value_node){
		.name = "key", .type = "i32", .value = {.type = OP_VALUE_I32, .bytes = {7}}};
	fields[1] = (struct op_value_node){.kind = OP_NODE_STRUCT,
					   .index = 1,
					   .type = "(ref null 0)",
					   .value = result->value,
					   .object_type = "node",
					   .length = 2,
					   .cycle = true};
	node.kind = OP_NODE_STRUCT;
	node.object_type = "node";
	node.length = 2;
	node.children = fields;
	node.child_count = 2;
	return NULL;
}

struct op_error *op_session_evaluate_once(struct op_session *session, const struct op_frame *frame,
					  const char *expression, struct op_result *ret)
{
	struct op_error *err = op_session_evaluate(session, frame, expression, ret);
	ret->history = 0;
	return err;
}

unsigned op_session_result_float_size(const struct op_result *result)
{
	return result->guest_value ? sizeof(double) : 0;
}

struct op_error *op_session_find(struct op_session *session, const struct op_frame *frame,
				 uint32_t memory, uint64_t start, uint64_t end, const void *pattern,
				 size_t size, bool *ret_found, uint64_t *ret)
{
	if (memory || end > FAKE_MEMORY || start > end)
		return op_error_create(OP_ERROR_UNREADABLE, "outside of memory %u", memory);
	const uint8_t *found = memmem(fake.memory + start, end - start, pattern, size);
	*ret_found = found != NULL;
	if (found)
		*ret = (uint64_t)(found - fake.memory);
	return NULL;
}
