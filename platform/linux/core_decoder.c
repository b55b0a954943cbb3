// SPDX-License-Identifier: GPL-3.0-or-later
// The kinds of compression; see core_decoder.h. The libraries get limits on the memory that a
// stream may ask for.
#include "platform/linux/core_decoder.h"

#include <stdlib.h>

#include "config.h"

#ifdef HAVE_ZSTD
#include <zstd.h>

// As the zstd program's own limit: a window of 128 MiB.
enum { ZSTD_WINDOW_LOG_MAX = 27 };

struct zstd_state {
	ZSTD_DStream *stream;
	enum op_decoded last;
};

static void zstd_destroy(void *context)
{
	struct zstd_state *state = context;

	ZSTD_freeDStream(state->stream);
	free(state);
}

static void *zstd_create(void)
{
	struct zstd_state *state = calloc(1, sizeof(*state));

	if (!state)
		return NULL;
	state->stream = ZSTD_createDStream();
	if (!state->stream) {
		free(state);
		return NULL;
	}
	ZSTD_DCtx_setParameter(state->stream, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX);
	return state;
}

static enum op_decoded zstd_step(void *context, struct op_decoder_step *step)
{
	struct zstd_state *state = context;
	ZSTD_inBuffer in = {step->input, step->input_size, 0};
	ZSTD_outBuffer out = {step->output, step->output_size, 0};

	// Behind a whole frame without input there is nothing to ask for.
	if (!step->input_size && state->last == OP_DECODED_END)
		return OP_DECODED_END;
	size_t left = ZSTD_decompressStream(state->stream, &out, &in);
	step->input += in.pos;
	step->input_size -= in.pos;
	step->output_size -= out.pos;
	state->last = ZSTD_isError(left) ? OP_DECODED_DAMAGED
		      : left == 0        ? OP_DECODED_END
					 : OP_DECODED_MORE;
	return state->last;
}
#endif

const struct op_decoder op_decoder_zstd = {
	.name = "zstd",
	.command = "zstd -d",
	.magic = {0x28, 0xb5, 0x2f, 0xfd},
	.magic_size = 4,
#ifdef HAVE_ZSTD
	.create = zstd_create,
	.destroy = zstd_destroy,
	.step = zstd_step,
#endif
};

#ifdef HAVE_LZ4
#include <lz4frame.h>

struct lz4_state {
	LZ4F_dctx *stream;
	enum op_decoded last;
};

static void lz4_destroy(void *context)
{
	struct lz4_state *state = context;

	LZ4F_freeDecompressionContext(state->stream);
	free(state);
}

static void *lz4_create(void)
{
	struct lz4_state *state = calloc(1, sizeof(*state));

	if (state && LZ4F_isError(LZ4F_createDecompressionContext(&state->stream, LZ4F_VERSION))) {
		free(state);
		return NULL;
	}
	return state;
}

static enum op_decoded lz4_step(void *context, struct op_decoder_step *step)
{
	struct lz4_state *state = context;
	size_t read = step->input_size, made = step->output_size;

	if (!step->input_size && state->last == OP_DECODED_END)
		return OP_DECODED_END;
	size_t left = LZ4F_decompress(state->stream, step->output, &made, step->input, &read, NULL);
	if (LZ4F_isError(left))
		return state->last = OP_DECODED_DAMAGED;
	step->input += read;
	step->input_size -= read;
	step->output_size -= made;
	return state->last = left == 0 ? OP_DECODED_END : OP_DECODED_MORE;
}
#endif

const struct op_decoder op_decoder_lz4 = {
	.name = "lz4",
	.command = "lz4 -d",
	.magic = {0x04, 0x22, 0x4d, 0x18},
	.magic_size = 4,
#ifdef HAVE_LZ4
	.create = lz4_create,
	.destroy = lz4_destroy,
	.step = lz4_step,
#endif
};

#ifdef HAVE_LZMA
#include <lzma.h>

// xz -9 needs 65 MiB to unpack.
enum { XZ_MEMORY_MAX = 256 << 20 };

static void xz_destroy(void *state)
{
	lzma_end(state);
	free(state);
}

static void *xz_create(void)
{
	lzma_stream *stream = malloc(sizeof(*stream));

	if (!stream)
		return NULL;
	*stream = (lzma_stream)LZMA_STREAM_INIT;
	if (lzma_stream_decoder(stream, XZ_MEMORY_MAX, LZMA_CONCATENATED) == LZMA_OK)
		return stream;
	free(stream);
	return NULL;
}

static enum op_decoded xz_step(void *state, struct op_decoder_step *step)
{
	lzma_stream *stream = state;

	stream->next_in = step->input;
	stream->avail_in = step->input_size;
	stream->next_out = step->output;
	stream->avail_out = step->output_size;
	lzma_ret result = lzma_code(stream, step->at_end ? LZMA_FINISH : LZMA_RUN);
	step->input = stream->next_in;
	step->input_size = stream->avail_in;
	step->output_size = stream->avail_out;
	switch (result) {
	case LZMA_OK:
	case LZMA_BUF_ERROR: // no progress: the input has ended, or its end was not said yet
		return OP_DECODED_MORE;
	case LZMA_STREAM_END:
		return OP_DECODED_END;
	default:
		return OP_DECODED_DAMAGED;
	}
}
#endif

const struct op_decoder op_decoder_xz = {
	.name = "xz",
	.command = "xz -d",
	.magic = {0xfd, '7', 'z', 'X', 'Z', 0x00},
	.magic_size = 6,
#ifdef HAVE_LZMA
	.create = xz_create,
	.destroy = xz_destroy,
	.step = xz_step,
#endif
};
