// SPDX-License-Identifier: GPL-3.0-or-later
// Stores, instances and their items as text and JSON; see state.h. Knows no session.
#include "tracer/report/state.h"

#include <inttypes.h>

static void optional_uint(struct op_json *json, const char *key, bool known, uint64_t value)
{
	if (known)
		op_json_uint(json, key, value);
	else
		op_json_null(json, key);
}

// Stores --------------------------------------------------------------------------------------

static void store_runs(struct op_output *out, const struct op_store_info *store)
{
	for (size_t i = 0; i < store->thread_count; i++)
		op_output_printf(out, "%s%" PRId64, i ? ", " : "    on thread ", store->threads[i]);
	for (size_t i = 0; i < store->suspended_count; i++)
		op_output_printf(out, "%s%" PRIu32,
				 i                     ? ", "
				 : store->thread_count ? "; suspended guest "
						       : "    suspended guest ",
				 store->suspended[i]);
	bool shown = store->thread_count || store->suspended_count;
	if (!shown)
		op_output_printf(out, store->in_activation ? "    entered by a thread"
							   : "    no thread is in it");
	op_output_printf(out, "\n");
}

void op_store_row(struct op_output *out, const struct op_store_info *store)
{
	op_output_printf(out, "%-4" PRIu32 " ", store->number);
	op_output_styled(out, OP_STYLE_ADDRESS, "0x%" PRIx64, store->address.value);
	op_output_printf(out, "  %" PRIu32 " instance%s", store->instance_count,
			 store->instance_count == 1 ? "" : "s");
	if (store->component_count)
		op_output_printf(out, ", %" PRIu32 " of components", store->component_count);
	op_output_printf(out, "\n");
	store_runs(out, store);
	if (!store->layout_known) {
		op_output_printf(out, "    nothing else is known: outpost does not know the "
				      "Wasmtime version\n");
		return;
	}
	if (store->uses_fuel)
		op_output_printf(out, "    fuel left %" PRId64 "\n", store->fuel);
	if (store->uses_epochs && store->has_epoch)
		op_output_printf(out, "    epoch %" PRIu64 ", deadline %" PRIu64 "\n", store->epoch,
				 store->epoch_deadline);
	else if (store->uses_epochs)
		op_output_printf(out, "    epoch deadline %" PRIu64 "\n", store->epoch_deadline);
	if (store->has_stack_limit)
		op_output_printf(out, "    stack limit 0x%" PRIx64 "\n", store->stack_limit.value);
	if (store->gc_base.value)
		op_output_printf(
			out, "    GC heap of %" PRIu64 " bytes at 0x%" PRIx64 ", collector %s\n",
			store->gc_size, store->gc_base.value, store->collector);
}

void op_store_members(struct op_json *json, const struct op_store_info *store)
{
	op_json_uint(json, "number", store->number);
	op_json_hex(json, "address", store->address.value);
	op_json_uint(json, "instances", store->instance_count);
	op_json_uint(json, "components", store->component_count);
	op_json_bool(json, "in_activation", store->in_activation);
	op_json_begin_array(json, "threads");
	for (size_t i = 0; i < store->thread_count; i++)
		op_json_int(json, NULL, store->threads[i]);
	op_json_end_array(json);
	op_json_begin_array(json, "suspended");
	for (size_t i = 0; i < store->suspended_count; i++)
		op_json_uint(json, NULL, store->suspended[i]);
	op_json_end_array(json);
	bool known = store->layout_known;
	op_json_bool(json, "layout_known", known);
	if (known && store->uses_fuel)
		op_json_int(json, "fuel", store->fuel);
	else
		op_json_null(json, "fuel");
	optional_uint(json, "epoch_deadline", known && store->uses_epochs, store->epoch_deadline);
	optional_uint(json, "epoch", known && store->uses_epochs && store->has_epoch, store->epoch);
	if (known && store->has_stack_limit)
		op_json_hex(json, "stack_limit", store->stack_limit.value);
	else
		op_json_null(json, "stack_limit");
	if (!known || !store->gc_base.value) {
		op_json_null(json, "gc_heap");
		return;
	}
	op_json_begin_object(json, "gc_heap");
	op_json_hex(json, "base", store->gc_base.value);
	op_json_uint(json, "size", store->gc_size);
	op_json_string(json, "collector", store->collector);
	op_json_end_object(json);
}

// Instances -----------------------------------------------------------------------------------

void op_instance_row(struct op_output *out, const struct op_instance_info *instance)
{
	op_output_printf(out, "%c %-4" PRIu32 " store %-3" PRIu32 " ",
			 instance->selected ? '*' : ' ', instance->number, instance->store);
	if (instance->has_id)
		op_output_printf(out, "id %-3" PRIu32 " ", instance->id);
	op_output_styled(out, OP_STYLE_ADDRESS, "0x%" PRIx64, instance->vmctx.value);
	op_output_printf(out, "  ");
	if (instance->origin == OP_ORIGIN_HOST) {
		op_output_styled(out, OP_STYLE_DIM, "the host's own");
	} else {
		op_output_styled(out, OP_STYLE_NAME, "%s",
				 instance->module ? instance->module : "?");
		// With the module known, what is missing is said when it is asked for.
		if (instance->reason && !instance->module)
			op_output_printf(out, " <%s>", instance->reason);
	}
	op_output_printf(out, "\n");
}

void op_instance_members(struct op_json *json, const struct op_instance_info *instance)
{
	static const char *const origins[] = {[OP_ORIGIN_GUEST] = "guest",
					      [OP_ORIGIN_HOST] = "host",
					      [OP_ORIGIN_UNKNOWN] = "unknown"};
	op_json_uint(json, "number", instance->number);
	op_json_hex(json, "vmctx", instance->vmctx.value);
	op_json_uint(json, "store", instance->store);
	optional_uint(json, "id", instance->has_id, instance->id);
	op_json_string(json, "origin", origins[instance->origin]);
	op_json_string(json, "module", instance->module);
	op_json_string(json, "reason", instance->reason);
	op_json_bool(json, "selected", instance->selected);
}

// Items ---------------------------------------------------------------------------------------

static void item_name(struct op_output *out, uint32_t index, const char *name)
{
	op_output_printf(out, "%-4" PRIu32 " ", index);
	op_output_styled(out, OP_STYLE_NAME, "%-20s", name ? name : "");
	op_output_printf(out, " ");
}

void op_memory_row(struct op_output *out, const struct op_memory_report *memory)
{
	item_name(out, memory->index, memory->name);
	op_output_printf(out, "%s-bit", memory->is_64 ? "64" : "32");
	if (memory->problem) {
		op_output_printf(out, " <%s>\n", memory->problem);
		return;
	}
	op_output_printf(out, " %" PRIu64 " bytes", memory->size);
	if (memory->has_maximum)
		op_output_printf(out, " of at most %" PRIu64, memory->maximum);
	op_output_printf(out, " at host address ");
	op_output_styled(out, OP_STYLE_ADDRESS, "0x%" PRIx64, memory->base.value);
	if (memory->has_reservation)
		op_output_printf(out, ", 0x%" PRIx64 " reserved", memory->reservation);
	op_output_printf(out, "%s%s\n", memory->shared ? ", shared" : "",
			 memory->imported ? ", imported" : "");
}

void op_memory_members(struct op_json *json, const struct op_memory_report *memory)
{
	bool known = !memory->problem;
	op_json_uint(json, "index", memory->index);
	op_json_string(json, "name", memory->name);
	optional_uint(json, "size", known, memory->size);
	if (known)
		op_json_hex(json, "base", memory->base.value);
	else
		op_json_null(json, "base");
	op_json_bool(json, "imported", memory->imported);
	op_json_uint(json, "address_bits", memory->is_64 ? 64 : 32);
	op_json_bool(json, "shared", memory->shared);
	op_json_uint(json, "page_size", memory->page_size);
	optional_uint(json, "maximum", memory->has_maximum, memory->maximum);
	optional_uint(json, "reservation", known && memory->has_reservation, memory->reservation);
	if (memory->problem)
		op_json_string(json, "problem", memory->problem);
}

void op_table_row(struct op_output *out, const struct op_table_info *table)
{
	item_name(out, table->index, table->name);
	op_output_printf(out, "%s ", table->type);
	if (table->problem)
		op_output_printf(out, "<%s>", table->problem);
	else
		op_output_printf(out, "%" PRIu64 " element%s", table->size,
				 table->size == 1 ? "" : "s");
	if (table->has_maximum)
		op_output_printf(out, " of at most %" PRIu64, table->maximum);
	op_output_printf(out, "%s%s\n", table->is_64 ? ", 64-bit" : "",
			 table->imported ? ", imported" : "");
}

void op_table_members(struct op_json *json, const struct op_table_info *table)
{
	op_json_uint(json, "index", table->index);
	op_json_string(json, "name", table->name);
	op_json_string(json, "type", table->type);
	optional_uint(json, "size", !table->problem, table->size);
	op_json_uint(json, "minimum", table->minimum);
	optional_uint(json, "maximum", table->has_maximum, table->maximum);
	op_json_uint(json, "address_bits", table->is_64 ? 64 : 32);
	op_json_bool(json, "imported", table->imported);
	if (table->problem)
		op_json_string(json, "problem", table->problem);
}

void op_tag_row(struct op_output *out, const struct op_tag_info *tag)
{
	item_name(out, tag->index, tag->name);
	op_output_printf(out, "%s%s\n", tag->type, tag->imported ? ", imported" : "");
}

void op_tag_members(struct op_json *json, const struct op_tag_info *tag)
{
	op_json_uint(json, "index", tag->index);
	op_json_string(json, "name", tag->name);
	op_json_string(json, "type", tag->type);
	op_json_bool(json, "imported", tag->imported);
}

// Imports and exports -------------------------------------------------------------------------

void op_import_row(struct op_output *out, const struct op_import_info *import)
{
	op_output_printf(out, "%-8s %-4" PRIu32 " ", op_item_kind_name(import->kind),
			 import->index);
	op_output_styled(out, OP_STYLE_NAME, "%s.%s", import->module, import->name);
	op_output_printf(out, " -> ");
	if (import->problem)
		op_output_printf(out, "<%s>", import->problem);
	else if (import->function)
		op_output_printf(out, "%s", import->function);
	else if (import->bound_to_host)
		op_output_printf(out, "the host's own");
	if (import->instance != UINT32_MAX && !import->bound_to_host) {
		if (!import->function && import->has_index)
			op_output_printf(out, "%s %" PRIu32, op_item_kind_name(import->kind),
					 import->instance_index);
		op_output_printf(out, " of instance %" PRIu32, import->instance);
	}
	op_output_printf(out, "\n");
}

void op_import_members(struct op_json *json, const struct op_import_info *import)
{
	op_json_string(json, "kind", op_item_kind_name(import->kind));
	op_json_uint(json, "index", import->index);
	op_json_string(json, "module", import->module);
	op_json_string(json, "name", import->name);
	op_json_bool(json, "host", import->bound_to_host);
	op_json_string(json, "function", import->function);
	optional_uint(json, "instance", import->instance != UINT32_MAX, import->instance);
	optional_uint(json, "instance_index", import->has_index, import->instance_index);
	if (import->address.value)
		op_json_hex(json, "address", import->address.value);
	else
		op_json_null(json, "address");
	if (import->problem)
		op_json_string(json, "problem", import->problem);
}

void op_export_row(struct op_output *out, const struct op_export_info *item)
{
	op_output_printf(out, "%-8s %-4" PRIu32 " ", op_item_kind_name(item->kind), item->index);
	op_output_styled(out, OP_STYLE_NAME, "%s", item->name);
	if (item->item)
		op_output_printf(out, " = %s", item->item);
	op_output_printf(out, "\n");
}

void op_export_members(struct op_json *json, const struct op_export_info *item)
{
	op_json_string(json, "kind", op_item_kind_name(item->kind));
	op_json_uint(json, "index", item->index);
	op_json_string(json, "name", item->name);
	op_json_string(json, "item", item->item);
}
