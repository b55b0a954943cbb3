// SPDX-License-Identifier: GPL-3.0-or-later
// Characters in quotes, as C writes them. Knows no types.
#ifndef OP_TRACER_SOURCE_STRING_H
#define OP_TRACER_SOURCE_STRING_H

#include "base/text.h"

/** Append 'a', '\n', '\377', 'ä': @p unit_size 1 is a byte, 2 and 4 are UTF-16 and UTF-32. */
void op_source_character_text(struct op_text *text, uint32_t unit, unsigned unit_size);

#endif
