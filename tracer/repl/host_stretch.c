// SPDX-License-Identifier: GPL-3.0-or-later
#include "tracer/repl/host_stretch.h"

#include "tracer/report/host.h"

static struct op_error *show_place(struct op_repl *repl, struct op_json *json,
				   const struct op_host_return *place)
{
	const struct op_host_frame *frames;
	size_t count;
	struct op_error *err = op_session_host_frames(repl->session, place, &frames, &count);
	for (size_t i = 0; !err && i < count; i++) {
		if (json)
			op_host_frame_json(json, &frames[i]);
		else
			op_host_frame_text(&repl->out, &frames[i]);
	}
	if (!json)
		op_output_drain(&repl->out);
	return err;
}

struct op_error *op_repl_show_host_stretch(struct op_repl *repl, struct op_json *json,
					   const struct op_host_stretch_view *stretch)
{
	struct op_error *err = NULL;
	if (json)
		op_json_begin_array(json, "frames");
	for (size_t i = 0; !err && i < stretch->count; i++)
		err = show_place(repl, json, &stretch->places[i]);
	if (json)
		op_json_end_array(json);
	if (!stretch->incomplete)
		return err;
	if (json)
		op_json_string(json, "incomplete", stretch->incomplete);
	else
		op_output_printf(&repl->out, "        (%s)\n", stretch->incomplete);
	return err;
}

struct op_error *op_repl_show_host_entry(struct op_repl *repl, struct op_json *json,
					 const char *name,
					 const struct op_host_stretch_view *stretch)
{
	if (!stretch->count && !stretch->incomplete)
		return NULL;
	if (!json) {
		op_output_printf(&repl->out, "    ");
		op_output_styled(&repl->out, OP_STYLE_DIM, name ? "[host: %s]" : "[host]", name);
		op_output_printf(&repl->out, "\n");
		return op_repl_show_host_stretch(repl, NULL, stretch);
	}
	op_json_begin_object(json, NULL);
	op_json_string(json, "kind", "host");
	op_json_string(json, "function", name ?: "host");
	struct op_error *err = op_repl_show_host_stretch(repl, json, stretch);
	op_json_end_object(json);
	return err;
}
