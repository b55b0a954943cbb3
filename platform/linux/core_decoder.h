// SPDX-License-Identifier: GPL-3.0-or-later
// Kinds of compression that core files come in: one table each, over a library that unpacks a
// stream in bounded memory. Knows no files.
#ifndef OP_PLATFORM_LINUX_CORE_DECODER_H
#define OP_PLATFORM_LINUX_CORE_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform/linux/core.h"

/** What is left to read and what room there is; both move on. */
struct op_decoder_step {
	const uint8_t *input;
	size_t input_size;
	bool at_end; /**< no more input will come */
	uint8_t *output;
	size_t output_size;
};

enum op_decoded {
	OP_DECODED_MORE, /**< in the middle of it */
	OP_DECODED_END,  /**< a whole stream has ended; another may follow */
	OP_DECODED_DAMAGED,
};

struct op_decoder {
	const char *name;    /**< "zstd" */
	const char *command; /**< that unpacks it: "zstd -d" */
	uint8_t magic[8];    /**< the file's first bytes */
	size_t magic_size;
	/** NULL: outpost was built without the library. Returns NULL when memory is short. */
	void *(*create)(void);
	void (*destroy)(void *state);
	/** Unpack from step->input to the beginning of step->output. */
	enum op_decoded (*step)(void *state, struct op_decoder_step *step);
};

extern const struct op_decoder op_decoder_zstd;
extern const struct op_decoder op_decoder_lz4;
extern const struct op_decoder op_decoder_xz;

#endif
