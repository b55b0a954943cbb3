// SPDX-License-Identifier: GPL-3.0-or-later
// The same as fuzz_session, on a Wasm core dump of a guest in C, and its module.
#include "tests/fuzz/recorded_session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return op_recorded_session_try("session_dump", data, size);
}
