// SPDX-License-Identifier: GPL-3.0-or-later
// Log points. A stub writes records into a ring in the target (agent/stub.h says how); outpost
// reads them while the target runs, and moves the ring's tail.
#include "tracer/log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/agent/agent.h"
#include "tracer/breakpoint_entry.h"

enum {
	RING_LOG2 = 16,
	BATCH = 1024, // records read at once
	INTERVAL_MS = 5,
};

struct op_log_sink {
	uint64_t ring; // 0: none
	uint64_t tail, lost_told;
	struct op_log_record *batch;
	char *formatted; // op_session_format()
};

struct op_error *op_log_sink_create(struct op_log_sink **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? NULL : op_error_no_memory();
}

void op_log_sink_destroy(struct op_log_sink *sink)
{
	if (!sink)
		return;
	free(sink->batch);
	free(sink->formatted);
	free(sink);
}

void op_log_sink_clear(struct op_log_sink *sink)
{
	sink->ring = sink->tail = sink->lost_told = 0;
}

// What a log point shows --------------------------------------------------------------------------

void op_log_deinit(struct op_log *log)
{
	op_log_format_deinit(&log->format);
	for (size_t i = 0; i < log->value_count; i++)
		op_condition_deinit(&log->values[i]);
}

void op_log_clear_places(struct op_log *log)
{
	for (size_t i = 0; i < log->value_count; i++) {
		op_condition_clear_places(&log->values[i]);
		log->type_known[i] = false;
	}
}

struct op_error *op_log_add_place(struct op_session *session, struct op_log *log,
				  struct op_module_entry *module, uint32_t function, uint32_t pc)
{
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < log->value_count; i++)
		err = op_log_format_is_text(&log->format, i)
			      ? op_condition_check_text(session, &log->values[i], module, function,
							pc)
			      : op_condition_add_place(session, &log->values[i], module, function,
						       pc);
	return err;
}

// The end of an argument: a comma outside of brackets, or the end of the text.
static size_t argument_size(const char *text)
{
	int depth = 0;
	size_t size = 0;
	for (; text[size]; size++) {
		if (strchr("([", text[size]))
			depth++;
		else if (strchr(")]", text[size]))
			depth--;
		else if (text[size] == ',' && depth <= 0)
			break;
	}
	return size;
}

static struct op_error *parse_arguments(const char *text, struct op_log *log)
{
	text += strspn(text, " ,");
	while (*text) {
		size_t size = argument_size(text);
		if (log->value_count == OP_LOG_VALUES_MAX)
			return op_error_create(OP_ERROR_LIMIT, "a format shows at most %d values",
					       OP_LOG_VALUES_MAX);
		struct op_condition *value = &log->values[log->value_count];
		value->text = strndup(text, size);
		if (!value->text)
			return op_error_no_memory();
		log->value_count++;
		struct op_error *err = op_condition_check(value->text);
		if (err)
			return err;
		text += size;
		text += *text == ',';
		text += strspn(text, " ");
	}
	return NULL;
}

struct op_error *op_log_parse(const char *text, struct op_log *ret)
{
	size_t end = 1;
	while (text[end] && text[end] != '"')
		end += text[end] == '\\' && text[end + 1] ? 2 : 1;
	if (!text[end])
		return op_error_create(OP_ERROR_SYNTAX, "the format's closing quote is missing");
	struct op_error *err = op_log_format_parse(text + 1, end - 1, &ret->format);
	if (!err)
		err = parse_arguments(text + end + 1, ret);
	size_t takes = err ? 0 : op_log_format_values(&ret->format);
	if (!err && takes != ret->value_count)
		err = op_error_create(OP_ERROR_SYNTAX,
				      "the format takes %zu value%s, but %zu follow", takes,
				      takes == 1 ? "" : "s", ret->value_count);
	return err;
}

// Lines -------------------------------------------------------------------------------------------

static struct op_error *show(struct op_session *session, uint32_t number, const struct op_log *log,
			     const struct op_log_value *values)
{
	_cleanup_text_ struct op_text line = OP_TEXT_INIT;
	op_log_format_apply(&log->format, values, &line);
	if (line.failed)
		return op_error_no_memory();
	if (session->options.log)
		session->options.log(session->options.log_context, number, line.data ?: "");
	return NULL;
}

// Where values are computed: where a thread has arrived, or in a frame of a stopped target.
struct moment {
	const struct op_patch *patch; // NULL: in the frame
	op_thread_id thread;
	const struct op_frame *frame; // NULL: there is none
};

static struct op_error *text_at(struct op_session *session, const struct op_condition *value,
				const struct moment *moment, struct op_text *ret)
{
	return moment->patch ? op_condition_text(session, value, moment->patch->address,
						 moment->thread, ret)
			     : op_condition_text_in(session, moment->frame, value->text, ret);
}

static struct op_error *number_at(struct op_session *session, const struct op_condition *value,
				  const struct moment *moment, struct op_operand *ret)
{
	return moment->patch ? op_condition_value(session, value, moment->patch->address,
						  moment->thread, ret)
			     : op_condition_value_in(session, moment->frame, value->text, ret);
}

static struct op_error *value_at(struct op_session *session, const struct op_log *log, size_t index,
				 const struct moment *moment, struct op_text *text,
				 struct op_log_value *ret)
{
	struct op_operand operand;
	struct op_error *err;
	if (op_log_format_is_text(&log->format, index)) {
		err = text_at(session, &log->values[index], moment, text);
		ret->text = err ? NULL : text->data ?: "";
		return err;
	}
	err = number_at(session, &log->values[index], moment, &operand);
	if (!err)
		*ret = (struct op_log_value){.type = operand.result.value.type,
					     .bits = op_value_bits(&operand.result.value)};
	return err;
}

struct op_error *op_log_arrived(struct op_session *session, uint32_t number,
				const struct op_log *log, const struct op_patch *patch,
				op_thread_id thread)
{
	const struct moment moment = {.patch = patch, .thread = thread};
	struct op_log_value values[OP_LOG_VALUES_MAX] = {0};
	struct op_text texts[OP_LOG_VALUES_MAX] = {0};
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < log->value_count; i++) {
		err = value_at(session, log, i, &moment, &texts[i], &values[i]);
		values[i].failed = err != NULL;
		if (err && err->code != OP_ERROR_PROCESS_GONE && err->code != OP_ERROR_NO_MEMORY) {
			op_error_destroy(err);
			err = NULL;
		}
	}
	if (!err)
		err = show(session, number, log, values);
	for (size_t i = 0; i < log->value_count; i++)
		op_text_deinit(&texts[i]);
	return err;
}

struct op_error *op_session_format(struct op_session *session, const struct op_frame *frame,
				   const char *text, const char **ret)
{
	_cleanup_(op_log_deinit) struct op_log log = {0};
	_cleanup_text_ struct op_text line = OP_TEXT_INIT;
	const struct moment moment = {.frame = frame};
	struct op_log_value values[OP_LOG_VALUES_MAX] = {0};
	struct op_text texts[OP_LOG_VALUES_MAX] = {0};
	if (*text != '"')
		return op_error_create(OP_ERROR_SYNTAX, "a format in double quotes is missing");
	struct op_error *err = op_log_parse(text, &log);
	for (size_t i = 0; !err && i < log.value_count; i++)
		err = value_at(session, &log, i, &moment, &texts[i], &values[i]);
	if (!err) {
		op_log_format_apply(&log.format, values, &line);
		free(session->log->formatted);
		session->log->formatted = NULL;
		err = op_text_steal(&line, &session->log->formatted);
	}
	if (!err)
		*ret = session->log->formatted;
	for (size_t i = 0; i < log.value_count; i++)
		op_text_deinit(&texts[i]);
	return err;
}

static struct op_error *show_record(struct op_session *session, const struct op_log_record *record)
{
	struct op_breakpoint_entry *entry = op_breakpoint_set_entry(session, record->log);
	// Deleted meanwhile.
	if (!entry || entry->info.action != OP_ACTION_LOG)
		return NULL;
	const struct op_log *log = &entry->log;
	struct op_log_value values[OP_LOG_VALUES_MAX];
	for (size_t i = 0; i < log->value_count; i++)
		values[i] = (struct op_log_value){.type = log->types[i],
						  .bits = record->values[i],
						  .failed = record->failed >> i & 1};
	entry->info.hits++;
	return show(session, record->log, log, values);
}

// The ring ----------------------------------------------------------------------------------------

struct op_error *op_log_ring(struct op_session *session, const struct op_patch *patch,
			     uint64_t *ret_address, unsigned *ret_size_log2)
{
	struct op_log_sink *sink = session->log;
	*ret_size_log2 = RING_LOG2;
	if (!sink->batch)
		sink->batch = calloc(BATCH, sizeof(*sink->batch));
	if (!sink->batch)
		return op_error_no_memory();
	if (!sink->ring) {
		size_t size = sizeof(struct op_log_ring) +
			      ((size_t)1 << RING_LOG2) * sizeof(struct op_log_record);
		// Fresh pages are zeroed, and this is the first that takes so much.
		struct op_error *err = op_arena_data(session, patch->address, size, &sink->ring);
		if (err)
			return err;
		sink->tail = sink->lost_told = 0;
	}
	*ret_address = sink->ring;
	return NULL;
}

int op_log_interval(const struct op_session *session)
{
	return session->log->ring ? INTERVAL_MS : -1;
}

// As many complete records as follow the tail without a gap, at most a batch.
static struct op_error *read_batch(struct op_session *session, uint64_t head, size_t *ret_count)
{
	struct op_log_sink *sink = session->log;
	uint64_t size = (uint64_t)1 << RING_LOG2, first = sink->tail & (size - 1);
	uint64_t count = head - sink->tail;
	if (count > size - first)
		count = size - first;
	if (count > BATCH)
		count = BATCH;
	*ret_count = 0;
	struct op_error *err =
		op_process_read(session->process,
				op_host_addr(sink->ring + sizeof(struct op_log_ring) +
					     first * sizeof(struct op_log_record)),
				sink->batch, count * sizeof(*sink->batch));
	while (!err && *ret_count < count &&
	       sink->batch[*ret_count].sequence == sink->tail + *ret_count + 1)
		++*ret_count;
	return err;
}

static void tell_lost(struct op_session *session, uint64_t lost)
{
	struct op_log_sink *sink = session->log;
	if (lost != sink->lost_told)
		op_session_notice(session, OP_NOTICE_WARNING,
				  "%" PRIu64 " lines of log points were lost: they came faster "
				  "than outpost could take them",
				  lost - sink->lost_told);
	sink->lost_told = lost;
}

struct op_error *op_log_drain(struct op_session *session)
{
	struct op_log_sink *sink = session->log;
	struct op_log_ring ring;
	if (!sink->ring)
		return NULL;
	struct op_error *err =
		op_process_read(session->process, op_host_addr(sink->ring), &ring, sizeof(ring));
	size_t count = 1;
	while (!err && count && sink->tail != ring.head) {
		err = read_batch(session, ring.head, &count);
		for (size_t i = 0; !err && i < count; i++)
			err = show_record(session, &sink->batch[i]);
		if (err)
			break;
		sink->tail += count;
		err = op_process_write(
			session->process,
			op_host_addr(sink->ring + offsetof(struct op_log_ring, tail)), &sink->tail,
			sizeof(sink->tail));
	}
	if (!err)
		tell_lost(session, ring.lost);
	return err;
}
