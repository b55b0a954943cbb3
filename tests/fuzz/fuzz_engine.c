// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz .wasmtime.engine: who compiled an image, and the settings behind that, under the layout of
// every version.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "target-runtime/engine.h"
#include "target-runtime/tunables.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OLDEST = 36, NEWEST = 51 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct op_bytes section = {.data = data, .size = size, .what = "engine"};
	struct op_engine engine;
	struct op_error *err = op_engine_parse(&section, &engine);
	if (!err && ((const uint8_t *)engine.version < data ||
		     (const uint8_t *)engine.version + engine.version_size > data + size))
		abort();
	op_error_destroy(err);
	for (unsigned version = OLDEST; version <= NEWEST; version++) {
		bool known;
		struct op_tunables tunables;
		const struct op_layout *layout = op_layout_find(version, &known);
		if (!layout)
			continue;
		err = op_tunables_parse(&section, layout, &tunables);
		if (!err && !op_collector_name(tunables.collector))
			abort();
		op_error_destroy(err);
	}
	return 0;
}
