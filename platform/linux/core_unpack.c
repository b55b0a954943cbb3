// SPDX-License-Identifier: GPL-3.0-or-later
// Compressed core files, as systemd-coredump keeps them (.zst, .lz4, .xz): unpacked to a temporary
// file without a name, with holes where there are zeros, as the kernel wrote it. What a core
// unpacks to is decided by whoever made it: the disk is not filled, and neither memory nor time
// goes to what was not asked for.
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/input_file.h"
#include "platform/apart/apart.h"
#include "platform/linux/core_decoder.h"

enum {
	BUFFER = 1 << 18,
	BLOCK = 4096, // zeros are left out by blocks of this size
	// The disk is asked each time so much was written to it, and so much is left on it.
	WRITTEN_BETWEEN = 64 << 20,
	KEPT_FREE = 512 << 20,
};
// No process has more memory than that, and a few kilobytes of input can claim it.
#define UNPACKED_MAX (UINT64_C(1) << 42)

const struct op_decoder *const op_decoders[] = {
	&op_decoder_zstd,
	&op_decoder_lz4,
	&op_decoder_xz,
};

/** The kind of compression by the file's first bytes; NULL: none. */
static const struct op_decoder *find_decoder(const uint8_t *start, size_t size)
{
	for (size_t i = 0; i < OP_ARRAY_SIZE(op_decoders); i++)
		if (size >= op_decoders[i]->magic_size &&
		    memcmp(start, op_decoders[i]->magic, op_decoders[i]->magic_size) == 0)
			return op_decoders[i];
	return NULL;
}

bool op_process_is_core_file(const char *path)
{
	uint8_t start[sizeof(Elf64_Ehdr)] = {0};
	int fd = op_input_file_open(path);
	struct stat status;

	if (fd < 0)
		return false;
	bool regular = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
	ssize_t got = regular ? pread(fd, start, sizeof(start), 0) : -1;
	close(fd);
	if (got < 0)
		return false;
	uint16_t type;
	memcpy(&type, start + offsetof(Elf64_Ehdr, e_type), sizeof(type));
	bool core = memcmp(start, ELFMAG, SELFMAG) == 0 && type == ET_CORE;
	return core || find_decoder(start, (size_t)got);
}

/** One unpacking under way. */
struct unpacking {
	const char *path;
	int from, to;
	uint64_t size;    // unpacked so far
	uint64_t written; // of it, to the disk
	uint64_t checked; // written when the disk was asked
	const struct op_cancel *cancel;
};

static void close_fdp(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static bool is_empty(const uint8_t *data, size_t size)
{
	return !size || (!data[0] && memcmp(data, data + 1, size - 1) == 0);
}

static struct op_error *write_out(struct unpacking *unpacking, const uint8_t *data, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t put = pwrite(unpacking->to, data + done, size - done,
				     (off_t)(unpacking->size + done));
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return op_error_system(OP_ERROR_IO, put < 0 ? errno : ENOSPC,
					       "cannot unpack the core file %s to a temporary "
					       "file (TMPDIR says where)",
					       unpacking->path);
		done += (size_t)put;
	}
	unpacking->written += size;
	return NULL;
}

static struct op_error *check_room(struct unpacking *unpacking)
{
	struct statvfs disk;

	if (unpacking->size > UNPACKED_MAX)
		return op_error_create(OP_ERROR_LIMIT,
				       "the core file %s unpacks to more than 4 TiB, which no "
				       "process has",
				       unpacking->path);
	if (unpacking->written - unpacking->checked < WRITTEN_BETWEEN)
		return NULL;
	unpacking->checked = unpacking->written;
	if (fstatvfs(unpacking->to, &disk) == 0 &&
	    (uint64_t)disk.f_bavail * disk.f_frsize < KEPT_FREE)
		return op_error_create(OP_ERROR_LIMIT,
				       "there is no room to unpack the core file %s (%" PRIu64
				       " MiB so far); TMPDIR can name a folder on another disk",
				       unpacking->path, unpacking->written >> 20);
	return NULL;
}

/** The next unpacked bytes. Blocks are those of the file, not of the buffer. */
static struct op_error *take_output(struct unpacking *unpacking, const uint8_t *data, size_t size)
{
	while (size) {
		size_t block = BLOCK - unpacking->size % BLOCK;
		if (block > size)
			block = size;
		struct op_error *err =
			is_empty(data, block) ? NULL : write_out(unpacking, data, block);
		if (err)
			return err;
		unpacking->size += block;
		data += block;
		size -= block;
	}
	return check_room(unpacking);
}

/** @param[out] ret_problem why the input ended early; NULL: it is whole. Static. */
static struct op_error *unpack(struct unpacking *unpacking, const struct op_decoder *decoder,
			       void *state, uint8_t *buffers, const char **ret_problem)
{
	struct op_decoder_step step = {.input = buffers, .output = buffers + BUFFER};
	bool ended = false; // the input's end was seen

	*ret_problem = NULL;
	for (;;) {
		if (op_cancelled(unpacking->cancel))
			return op_error_create(OP_ERROR_INTERRUPTED,
					       "unpacking the core file was interrupted");
		if (!step.input_size && !ended) {
			ssize_t got = read(unpacking->from, buffers, BUFFER);
			if (got < 0 && errno == EINTR)
				continue;
			if (got < 0)
				return op_error_system(OP_ERROR_IO, errno, "cannot read %s",
						       unpacking->path);
			step.input = buffers;
			step.input_size = (size_t)got;
			ended = got == 0;
		}
		step.output_size = BUFFER;
		step.at_end = ended;
		size_t before = step.input_size;
		enum op_decoded decoded = decoder->step(state, &step);
		if (decoded == OP_DECODED_DAMAGED) {
			*ret_problem = "it is damaged there";
			return NULL;
		}
		size_t made = BUFFER - step.output_size;
		struct op_error *err = take_output(unpacking, buffers + BUFFER, made);
		if (err)
			return err;
		if (made || before != step.input_size || (!ended && !before))
			continue;
		*ret_problem = decoded == OP_DECODED_END ? NULL
			       : ended                   ? "it is cut off there"
							 : "it is damaged there";
		return NULL;
	}
}

/** /var/tmp is where large things go (man 7 file-hierarchy); /tmp is often memory. */
static struct op_error *open_temporary(const char *path, int *ret)
{
	const char *folder = getenv("TMPDIR");
	struct op_error *err = op_apart_refuse("unpack core files");

	if (err)
		return err;
	if (!folder || !*folder)
		folder = "/var/tmp";
	*ret = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (*ret >= 0)
		return NULL;
	return op_error_system(OP_ERROR_IO, errno,
			       "cannot make a temporary file in %s to unpack the core file %s "
			       "(TMPDIR names another folder)",
			       folder, path);
}

struct op_error *op_core_unpack(const char *path, const struct op_cancel *cancel, int *fd,
				char **ret_problem)
{
	uint8_t start[8];
	ssize_t got = pread(*fd, start, sizeof(start), 0);
	const struct op_decoder *decoder = got > 0 ? find_decoder(start, (size_t)got) : NULL;

	*ret_problem = NULL;
	if (!decoder)
		return NULL;
	if (!decoder->create)
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "%s is compressed with %s, which this outpost was built "
				       "without; unpack it with \"%s\" first",
				       path, decoder->name, decoder->command);
	_cleanup_(close_fdp) int temporary = -1;
	struct op_error *err = open_temporary(path, &temporary);
	if (err)
		return err;
	_cleanup_free_ uint8_t *buffers = malloc(2 * BUFFER);
	void *state = buffers ? decoder->create() : NULL;
	if (!state)
		return op_error_no_memory();
	struct unpacking unpacking = {.path = path, .from = *fd, .to = temporary, .cancel = cancel};
	const char *problem;
	err = unpack(&unpacking, decoder, state, buffers, &problem);
	decoder->destroy(state);
	if (!err && ftruncate(temporary, (off_t)unpacking.size))
		err = op_error_system(OP_ERROR_IO, errno, "cannot unpack the core file %s", path);
	if (err)
		return err;
	if (problem && !(*ret_problem = strdup(problem)))
		return op_error_no_memory();
	close(*fd);
	*fd = temporary;
	temporary = -1;
	return NULL;
}
