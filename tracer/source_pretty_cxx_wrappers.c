// SPDX-License-Identifier: GPL-3.0-or-later
// Printers for what the C++ standard library makes of one value or two, or of another container;
// see source_pretty_cxx.h.
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "tracer/source_pretty_cxx.h"

// A container inside --------------------------------------------------------------------------

static struct op_error *wrapping(struct op_pretty *p, const char *path)
{
	_cleanup_source_value_ struct op_source_value container = {0};
	const char *label;
	bool found;
	struct op_error *err = op_pretty_part(p->x, p->value, path, &container, &found);
	if (err || !found)
		return err ?: op_cxx_unknown_form(p);
	p->done = true;
	err = op_render_value(p->x, &container, p->node);
	if (!err)
		err = op_cxx_label(p, &label);
	if (err || !p->node->summary) {
		p->node->summary = err ? NULL : label;
		return err;
	}
	// Adaptors have no adaptors inside; what says that they have gets no longer.
	if (strstr(p->node->summary, " wrapping "))
		return NULL;
	return op_render_format(p->x, &p->node->summary, "%s wrapping %s", label, p->node->summary);
}

struct op_error *op_pretty_adaptor(struct op_pretty *p)
{
	return wrapping(p, "c");
}

struct op_error *op_pretty_flat_set(struct op_pretty *p)
{
	return wrapping(p, "__keys_");
}

// One value -----------------------------------------------------------------------------------

// It is shown as the value that it is.
static struct op_error *only(struct op_pretty *p, const char *path)
{
	_cleanup_source_value_ struct op_source_value part = {0};
	bool found;
	struct op_error *err = op_pretty_part(p->x, p->value, path, &part, &found);
	if (err || !found)
		return err ?: op_cxx_unknown_form(p);
	p->done = true;
	return op_render_value(p->x, &part, p->node);
}

struct op_error *op_pretty_path(struct op_pretty *p)
{
	return only(p, "__pn_");
}

struct op_error *op_pretty_reference_wrapper(struct op_pretty *p)
{
	struct op_source_value pointer = {0};
	bool found;
	struct op_error *err = op_pretty_part(p->x, p->value, "__f_", &pointer, &found);
	if (err || !found)
		return err ?: op_cxx_unknown_form(p);
	p->node->summary = "std::reference_wrapper";
	return op_pretty_only_child(p, "get()", &pointer);
}

// The flag of an expected, and what is in the union beside it: of libc++ 19 and newer, and of 17
// and older ones.
static const struct {
	const char *has_value, *value, *error;
} expected_forms[] = {
	{"__repr_.__v.__has_val_", "__repr_.__v.__union_.__v.__val_",
	 "__repr_.__v.__union_.__v.__unex_"},
	{"__has_val_", "__union_.__val_", "__union_.__unex_"},
};

// What is expected, or why it is not there.
struct op_error *op_pretty_expected(struct op_pretty *p)
{
	struct op_source_value content = {0};
	uint64_t has_value = 0;
	bool found = false;
	size_t form = 0;
	struct op_error *err = NULL;
	for (; form < OP_ARRAY_SIZE(expected_forms); form++) {
		err = op_pretty_number(p->x, p->value, expected_forms[form].has_value, &has_value,
				       &found);
		if (err || found)
			break;
	}
	if (err || !found || has_value > 1)
		return err ?: op_cxx_unknown_form(p);
	p->node->summary = has_value ? "std::expected" : "std::expected (error)";
	const struct op_type *value = op_type_strip(op_cxx_argument(p->type, 0));
	if (has_value && (!value || value->kind == OP_TYPE_VOID)) {
		p->done = true;
		p->node->kind = OP_SOURCE_NODE_STRUCT;
		return NULL;
	}
	err = op_pretty_part(p->x, p->value,
			     has_value ? expected_forms[form].value : expected_forms[form].error,
			     &content, &found);
	if (err || !found)
		return err ?: op_cxx_unknown_form(p);
	return op_pretty_only_child(p, NULL, &content);
}

// Two values ----------------------------------------------------------------------------------

struct op_error *op_pretty_complex(struct op_pretty *p)
{
	static const char *const paths[] = {"__re_", "__im_"}, *const names[] = {"real()",
										 "imag()"};
	struct op_source_node *children;
	p->done = true;
	p->node->kind = OP_SOURCE_NODE_STRUCT;
	p->node->summary = "std::complex";
	p->node->length = OP_ARRAY_SIZE(paths);
	if (!op_render_enter(p->x, p->value, p->node))
		return NULL;
	struct op_error *err = op_render_children(p->x, p->node, OP_ARRAY_SIZE(paths), &children);
	for (size_t i = 0; !err && p->done && i < p->node->child_count; i++) {
		struct op_source_value part = {0};
		err = op_pretty_part(p->x, p->value, paths[i], &part, &p->done);
		children[i].name = names[i];
		if (!err && p->done)
			err = op_render_part(p->x, NULL, &part, &children[i]);
	}
	op_render_leave(p->x);
	return err || p->done ? err : op_cxx_unknown_form(p);
}

// Time ----------------------------------------------------------------------------------------

/** How long a unit of time is: so many seconds, or so many parts of one. */
struct period {
	int64_t seconds, parts;
};

static bool read_period(const struct op_type *duration, struct period *ret)
{
	const struct op_type *ratio = duration ? op_type_strip(op_cxx_argument(duration, 1)) : NULL;
	return ratio && op_cxx_number_argument(ratio, 0, &ret->seconds) &&
	       op_cxx_number_argument(ratio, 1, &ret->parts) && ret->seconds > 0 && ret->parts > 0;
}

// As C++20 writes them.
static void write_unit(const struct period *period, struct op_text *text)
{
	static const struct {
		struct period period;
		const char *name;
	} units[] = {
		{{1, 1000000000}, "ns"}, {{1, 1000000}, "us"}, {{1, 1000}, "ms"}, {{1, 1}, "s"},
		{{60, 1}, "min"},        {{3600, 1}, "h"},     {{86400, 1}, "d"},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(units); i++) {
		if (units[i].period.seconds == period->seconds &&
		    units[i].period.parts == period->parts) {
			op_text_append(text, units[i].name);
			return;
		}
	}
	op_text_printf(text, "[%" PRId64, period->seconds);
	if (period->parts != 1)
		op_text_printf(text, "/%" PRId64, period->parts);
	op_text_append(text, "]s");
}

// The type of a duration, with what its period was made with.
static struct op_error *complete_duration(struct op_pretty *p, const struct op_type *duration)
{
	struct op_error *err = op_type_complete(p->value->info, duration);
	const struct op_type *ratio = op_type_strip(op_cxx_argument(duration, 1));
	return err || !ratio ? err : op_type_complete(p->value->info, ratio);
}

struct op_error *op_pretty_duration(struct op_pretty *p)
{
	struct period period;
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	struct op_error *err = complete_duration(p, p->type);
	if (err || !read_period(p->type, &period))
		return err ?: op_cxx_unknown_form(p);
	err = only(p, "__rep_");
	// Its number may be of a class of its own, or missing.
	if (err || !p->done || !p->node->text)
		return err;
	op_text_append(&text, p->node->text);
	write_unit(&period, &text);
	return op_render_keep(p->x, &text, &p->node->text);
}

// The day and the second, by the calendar; nothing where there is none.
static void write_date(int64_t number, const struct period *period, struct op_text *text)
{
	int64_t seconds;
	struct tm date;
	char written[64];
	if (__builtin_mul_overflow(number, period->seconds, &seconds))
		return;
	seconds = seconds / period->parts - (seconds % period->parts < 0);
	const time_t time = (time_t)seconds;
	if (gmtime_r(&time, &date) &&
	    strftime(written, sizeof(written), " (%Y-%m-%dT%H:%M:%SZ)", &date))
		op_text_append(text, written);
}

// C++20 says of system_clock alone when its epoch was.
static bool is_system_clock(const struct op_pretty *p)
{
	const struct op_type *clock = op_type_strip(op_cxx_argument(p->type, 0));
	_cleanup_text_ struct op_text name = OP_TEXT_INIT;
	return clock && clock->name && op_pretty_std_name(clock->name, &name) &&
	       strcmp(name.data, "std::chrono::system_clock") == 0;
}

struct op_error *op_pretty_time_point(struct op_pretty *p)
{
	const struct op_type *duration = op_type_strip(op_cxx_argument(p->type, 1));
	struct period period;
	uint64_t number;
	bool is_number;
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	struct op_error *err = only(p, "__d_");
	if (err || !p->done || !p->node->text || p->node->kind != OP_SOURCE_NODE_SCALAR)
		return err;
	op_text_printf(&text, "%s since the epoch", p->node->text);
	err = op_pretty_number(p->x, p->value, "__d_.__rep_", &number, &is_number);
	if (!err && duration)
		err = complete_duration(p, duration);
	const struct op_type *rep = duration ? op_type_strip(op_cxx_argument(duration, 0)) : NULL;
	if (!err && is_number && rep && rep->kind == OP_TYPE_INTEGER && is_system_clock(p) &&
	    read_period(duration, &period))
		write_date((int64_t)number, &period, &text);
	return err ?: op_render_keep(p->x, &text, &p->node->text);
}
