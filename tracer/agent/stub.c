// SPDX-License-Identifier: GPL-3.0-or-later
// Stubs: from groups of steps to code. Decides what runs in which order and when registers are
// kept; the expressions are compiled by stub_expression.c, instructions made by the back end.
//
// A group is compiled twice: first to learn which registers its steps need, then for good.
// Registers are saved before the first step that needs any and restored before a trap and at the
// group's end.
#include "tracer/agent/stub.h"

#include <inttypes.h>
#include <stdlib.h>

#include "tracer/agent/stub_private.h"

enum { RING_SIZE_MAX = 28 };

void op_stub_deinit(struct op_stub *stub)
{
	free(stub->code.data);
	free(stub->traps.data);
	*stub = (struct op_stub){0};
}

const struct op_stub_machine *op_stub_machine_for(const struct op_arch *arch)
{
	return arch == &op_arch_x86_64 ? &op_stub_x86_64 : NULL;
}

// Code in the making --------------------------------------------------------------------------

void op_stub_emit(struct op_stub_code *code, const void *bytes, size_t size)
{
	const uint8_t *from = bytes;
	for (size_t i = 0; i < size && !code->no_memory; i++)
		code->no_memory = !op_array_push(&code->stub->code, from[i]);
}

unsigned op_stub_label_create(struct op_stub_code *code)
{
	code->no_memory |= !op_array_push(&code->labels, UINT32_MAX);
	return (unsigned)code->labels.count - 1;
}

void op_stub_label_place(struct op_stub_code *code, unsigned label)
{
	if (!code->no_memory)
		code->labels.data[label] = (uint32_t)code->stub->code.count;
}

bool op_stub_label_used(const struct op_stub_code *code, unsigned label)
{
	for (size_t i = 0; i < code->branches.count; i++) {
		if (code->branches.data[i].label == label)
			return true;
	}
	return false;
}

void op_stub_branch_note(struct op_stub_code *code, unsigned label)
{
	struct op_stub_branch branch = {.at = (uint32_t)code->stub->code.count, .label = label};
	code->no_memory |= !op_array_push(&code->branches, branch);
}

void op_stub_code_deinit(struct op_stub_code *code)
{
	free(code->labels.data);
	free(code->branches.data);
}

static void patch_branches(const struct op_stub_machine *machine, struct op_stub_code *code)
{
	for (size_t i = 0; i < code->branches.count; i++) {
		const struct op_stub_branch *branch = &code->branches.data[i];
		machine->branch_patch(&code->stub->code.data[branch->at],
				      (int32_t)(code->labels.data[branch->label] - branch->at));
	}
}

// Steps ---------------------------------------------------------------------------------------

struct compilation {
	const struct op_stub_machine *machine;
	const struct op_machine_scope *scope;
	struct op_stub_code code;
	struct OP_ARRAY(struct op_stub_use) uses; // of each step of the group, from the first pass
};

static struct op_stub_walk walk_begin(struct compilation *c, const struct op_expression *expression,
				      unsigned error)
{
	return (struct op_stub_walk){
		.machine = c->machine,
		.scope = c->scope,
		.code = &c->code,
		.text = expression->text,
		.error = error,
	};
}

static struct op_error *step_true(struct compilation *c, const struct op_stub_step *step,
				  unsigned no)
{
	unsigned yes = op_stub_label_create(&c->code);
	struct op_stub_walk walk = walk_begin(c, step->expression, yes);
	struct op_error *err = op_stub_expression_branch(&walk, step->expression->root, false, no);
	op_stub_label_place(&c->code, yes);
	return err;
}

// A change is reported by the thread that exchanges the old value for the new one. The old one is
// read before the new one, which is why the expression is there twice: a thread that was held up
// with an outdated value would otherwise report a change back to it.
static struct op_error *step_changed(struct compilation *c, const struct op_stub_step *step,
				     unsigned no)
{
	const struct op_stub_machine *machine = c->machine;
	const struct op_expression_node *root = step->expression->root;
	struct op_stub_operand left = {.kind = OP_STUB_REGISTER},
			       value = {.kind = OP_STUB_PLACE,
					.place = {.base = OP_BASE_ABSOLUTE,
						  .address = step->cell,
						  .offset_count = 1},
					.width = 8},
			       old = {.kind = OP_STUB_TEMP};
	struct op_stub_walk walk = walk_begin(c, step->expression, no);
	struct op_error *err = op_stub_expression_bits(&walk, root);
	if (!err)
		err = op_stub_temp_take(&walk, &old.temp);
	if (err)
		return err;
	machine->compare(&c->code, OP_OPERATOR_EQ, true, true, &left, &value, true, no);
	unsigned again = op_stub_label_create(&c->code);
	op_stub_label_place(&c->code, again);
	machine->load(&c->code, &value);
	machine->store_temp(&c->code, old.temp);
	err = op_stub_expression_bits(&walk, root);
	if (err)
		return err;
	machine->compare(&c->code, OP_OPERATOR_EQ, true, true, &left, &old, true, no);
	machine->exchange(&c->code, step->cell, old.temp, again);
	return NULL;
}

// Calculate value i to a temporary, or note in another one that it has none.
static struct op_error *log_value(struct op_stub_walk *walk, const struct op_expression_node *node,
				  unsigned i, struct op_stub_log *log)
{
	bool direct;
	struct op_error *err = op_stub_expression_operand(walk, node, &log->values[i], &direct);
	if (err || direct)
		return err;
	const struct op_stub_machine *machine = walk->machine;
	unsigned failed = op_stub_label_create(walk->code), end = op_stub_label_create(walk->code),
		 temp;
	walk->error = failed;
	err = op_stub_expression_bits(walk, node);
	if (!err)
		err = op_stub_temp_take(walk, &temp);
	if (err)
		return err;
	log->values[i] = (struct op_stub_operand){.kind = OP_STUB_TEMP, .temp = temp};
	machine->store_temp(walk->code, temp);
	if (op_stub_label_used(walk->code, failed)) {
		machine->jump(walk->code, end);
		op_stub_label_place(walk->code, failed);
		machine->load(walk->code, &log->failed);
		machine->arithmetic(walk->code, OP_OPERATOR_OR, false, true,
				    &(struct op_stub_operand){.kind = OP_STUB_CONSTANT,
							      .constant = UINT64_C(1) << i},
				    failed);
		machine->store_temp(walk->code, log->failed.temp);
		machine->load(walk->code, &(struct op_stub_operand){.kind = OP_STUB_CONSTANT});
		machine->store_temp(walk->code, temp);
	}
	op_stub_label_place(walk->code, end);
	return NULL;
}

static struct op_error *step_log(struct compilation *c, const struct op_stub_step *step)
{
	struct op_stub_log log = {
		.cell = step->cell,
		.size_log2 = step->size_log2,
		.log = step->log,
		.failed.kind = OP_STUB_CONSTANT,
		.value_count = step->value_count,
	};
	unsigned temps = 0;
	bool fails = false;
	for (unsigned i = 0; i < step->value_count; i++)
		fails |= op_stub_expression_fails(step->values[i]->root);
	if (fails) {
		c->machine->load(&c->code, &log.failed);
		log.failed = (struct op_stub_operand){.kind = OP_STUB_TEMP, .temp = temps++};
		c->machine->store_temp(&c->code, log.failed.temp);
	}
	for (unsigned i = 0; i < step->value_count; i++) {
		struct op_stub_walk walk = walk_begin(c, step->values[i], 0);
		walk.temps = temps;
		struct op_error *err = log_value(&walk, step->values[i]->root, i, &log);
		if (err)
			return err;
		temps = walk.temps;
	}
	c->machine->log(&c->code, &log);
	return NULL;
}

static struct op_error *step_trap(struct compilation *c, const struct op_stub_step *step)
{
	struct op_stub_code *code = &c->code;
	if (code->in_block)
		c->machine->leave(code);
	code->in_block = false;
	struct op_stub_trap trap = {.offset = (uint32_t)code->stub->code.count, .tag = step->tag};
	code->no_memory |= !op_array_push(&code->stub->traps, trap);
	c->machine->trap(code);
	return NULL;
}

static struct op_error *compile_step(struct compilation *c, const struct op_stub_step *step,
				     unsigned no)
{
	switch (step->kind) {
	case OP_STUB_COUNT:
		c->machine->count(&c->code, step->cell, step->atomic);
		return NULL;
	case OP_STUB_TRACE:
		c->machine->trace(&c->code, step->cell, step->size_log2);
		return NULL;
	case OP_STUB_IGNORE:
		c->machine->ignore(&c->code, step->cell, no);
		return NULL;
	case OP_STUB_FRAME:
		c->machine->frame(&c->code, step->cell, no);
		return NULL;
	case OP_STUB_OUTER:
		c->machine->outer(&c->code, step->cell, no);
		return NULL;
	case OP_STUB_TRUE:
		return step_true(c, step, no);
	case OP_STUB_CHANGED:
		return step_changed(c, step, no);
	case OP_STUB_LOG:
		return step_log(c, step);
	case OP_STUB_TRAP:
		return step_trap(c, step);
	}
	return op_error_create(OP_ERROR_UNSUPPORTED, "a stub has no step of kind %d", step->kind);
}

static struct op_error *check_step(const struct op_stub_step *step)
{
	bool ring = step->kind == OP_STUB_TRACE || step->kind == OP_STUB_LOG;
	if (ring && step->size_log2 > RING_SIZE_MAX)
		return op_error_create(OP_ERROR_LIMIT, "a ring of 2^%u entries is too large",
				       step->size_log2);
	if (step->kind == OP_STUB_TRUE || step->kind == OP_STUB_CHANGED)
		return op_stub_expression_check(step->expression);
	if (step->kind != OP_STUB_LOG)
		return NULL;
	if (step->value_count > OP_LOG_VALUES_MAX)
		return op_error_create(OP_ERROR_LIMIT,
				       "a log point takes %d values at most, not %u",
				       OP_LOG_VALUES_MAX, step->value_count);
	for (unsigned i = 0; i < step->value_count; i++) {
		struct op_error *err = op_stub_expression_check(step->values[i]);
		if (err)
			return err;
	}
	return NULL;
}

// Groups --------------------------------------------------------------------------------------

static bool is_used(const struct op_stub_use *use)
{
	return use->registers || use->vectors || use->temps;
}

static struct op_stub_use both(struct op_stub_use a, struct op_stub_use b)
{
	return (struct op_stub_use){.registers = a.registers | b.registers,
				    .vectors = a.vectors | b.vectors,
				    .temps = a.temps > b.temps ? a.temps : b.temps};
}

// The second pass needs what the first one needed: instructions depend on the stub's address only.
static struct op_error *compile_group(struct compilation *c, const struct op_stub_group *group,
				      bool last)
{
	struct op_stub_code *code = &c->code;
	unsigned no = op_stub_label_create(code), no_in_block = op_stub_label_create(code);
	for (size_t i = 0; i < group->count; i++) {
		if (!code->in_block && is_used(&c->uses.data[i])) {
			code->in_block = true;
			c->machine->enter(code);
		}
		code->used = (struct op_stub_use){0};
		struct op_error *err =
			compile_step(c, &group->steps[i], code->in_block ? no_in_block : no);
		if (err)
			return err;
		c->uses.data[i] = code->used;
	}
	bool leaves = code->in_block || op_stub_label_used(code, no_in_block);
	if (!code->in_block && leaves) {
		if (last)
			c->machine->done(code);
		else
			c->machine->jump(code, no);
	}
	op_stub_label_place(code, no_in_block);
	if (leaves)
		c->machine->leave(code);
	code->in_block = false;
	op_stub_label_place(code, no);
	if (last)
		c->machine->done(code);
	return NULL;
}

static struct op_error *compile_group_twice(struct compilation *c,
					    const struct op_stub_group *group, bool last)
{
	struct op_stub_code *code = &c->code;
	const struct {
		size_t code, traps, labels, branches;
	} begin = {code->stub->code.count, code->stub->traps.count, code->labels.count,
		   code->branches.count};
	if (!op_array_reserve(&c->uses.data, &c->uses.capacity, group->count + 1,
			      sizeof(*c->uses.data)))
		return op_error_no_memory();
	for (size_t i = 0; i < group->count; i++) {
		struct op_error *err = check_step(&group->steps[i]);
		if (err)
			return err;
		c->uses.data[i] = (struct op_stub_use){0};
	}
	code->saved = (struct op_stub_use){0};
	struct op_error *err = compile_group(c, group, last);
	if (err)
		return err;
	for (size_t i = 0; i < group->count; i++)
		code->saved = both(code->saved, c->uses.data[i]);
	code->stub->code.count = begin.code;
	code->stub->traps.count = begin.traps;
	code->labels.count = begin.labels;
	code->branches.count = begin.branches;
	return compile_group(c, group, last);
}

struct op_error *op_stub_compile(const struct op_stub_machine *machine,
				 const struct op_stub_group *groups, size_t count,
				 const struct op_machine_scope *scope, uint64_t address,
				 uint64_t slot_end, struct op_stub *stub)
{
	struct compilation c = {.machine = machine,
				.scope = scope,
				.code = {.stub = stub, .address = address, .slot_end = slot_end}};
	stub->code.count = stub->traps.count = 0;
	stub->entry_harmless = machine->entry_harmless;
	machine->begin(&c.code);
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < count; i++) {
		err = compile_group_twice(&c, &groups[i], i + 1 == count);
		if (!err && c.code.no_memory)
			err = op_error_no_memory();
		if (!err && stub->code.count > OP_STUB_CODE_MAX)
			err = op_error_create(
				OP_ERROR_UNSUPPORTED,
				"what is to be done at this place needs more than %d bytes of code",
				OP_STUB_CODE_MAX);
	}
	if (!count)
		machine->done(&c.code);
	if (!err && c.code.no_memory)
		err = op_error_no_memory();
	if (!err)
		patch_branches(machine, &c.code);
	op_stub_code_deinit(&c.code);
	free(c.uses.data);
	return err;
}
