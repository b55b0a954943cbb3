// SPDX-License-Identifier: GPL-3.0-or-later
// The same as fuzz_session, on a guest that has what else is in C++'s library: its printers.
#include "tests/fuzz/recorded_session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return op_recorded_session_try("session_cxx", data, size);
}
