// SPDX-License-Identifier: GPL-3.0-or-later
// Everything at once, on a guest in C++: see recorded_session.h.
#include "tests/fuzz/recorded_session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return op_recorded_session_try("session", data, size);
}
