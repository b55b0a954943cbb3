// SPDX-License-Identifier: GPL-3.0-or-later
// A run of bytes of somebody else's, at one place in memory from the start, of which a part is
// fetched when somebody says that he is about to read it. What nobody asks for costs no memory.
// Knows neither where they come from nor what they mean.
#ifndef OP_BASE_LAZY_BYTES_H
#define OP_BASE_LAZY_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/reader.h"

/** One thread at a time. */
struct op_lazy_bytes;

/** Read @p size bytes from @p offset on, all of them. */
typedef struct op_error *(*op_lazy_fetch_fn)(void *context, uint64_t offset, void *buffer,
					     size_t size);

/**
 * @param[in] size of the whole; not 0. Nothing is fetched yet.
 * @param[in] what as in op_bytes; must outlive the bytes.
 * @param[in] fetch called for parts that are needed and are not there.
 */
struct op_error *op_lazy_bytes_create(size_t size, const char *what, op_lazy_fetch_fn fetch,
				      void *context, struct op_lazy_bytes **ret);
void op_lazy_bytes_destroy(struct op_lazy_bytes *lazy);
/** All of them, a NUL behind; parts that were not fetched read as zeros. They stay where they are.
 */
const struct op_bytes *op_lazy_bytes_all(const struct op_lazy_bytes *lazy);
/**
 * Fetch what is missing of @p size bytes from @p at on. What lies outside the whole is left out:
 * whoever reads there has bounds of his own.
 * @param[in] lazy NULL: everything is there.
 * @param[in] at in op_lazy_bytes_all().
 * @return what fetch says; the parts that were fetched before stay.
 */
struct op_error *op_lazy_bytes_need(struct op_lazy_bytes *lazy, const void *at, size_t size);
/**
 * Read @p size bytes from @p at on, all of them in op_lazy_bytes_all(), without keeping them.
 * @param[in] lazy NULL: everything is there.
 */
struct op_error *op_lazy_bytes_copy(const struct op_lazy_bytes *lazy, const void *at, void *buffer,
				    size_t size);
/**
 * Fetch once more what was fetched, and compare: for bytes that were read while somebody else may
 * have been writing them. A part that could not be fetched before counts as another.
 * @return what fetch says; *ret is false then.
 */
struct op_error *op_lazy_bytes_is_same(const struct op_lazy_bytes *lazy, bool *ret);
/** Bytes that were fetched so far. */
size_t op_lazy_bytes_fetched(const struct op_lazy_bytes *lazy);

#endif
