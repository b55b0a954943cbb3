// SPDX-License-Identifier: GPL-3.0-or-later
// Names that compilers mangled, as a person writes them. Knows no debug information.
#ifndef OP_TARGET_RUNTIME_DWARF_DEMANGLE_H
#define OP_TARGET_RUNTIME_DWARF_DEMANGLE_H

#include <stdbool.h>

/**
 * Demangle a C++ (Itanium) or Rust (legacy, v0) name.
 * @param[in] name raw; "_ZN2ns4areaEi" with @p parameters gives "ns::area(int)", without
 * "ns::area". A result type is left out; so is the hash of Rust's.
 * @return heap string; NULL when it is not mangled, when what it says is longer than a name can be,
 * or when memory is short.
 */
char *op_demangle(const char *name, bool parameters);

/** Whether a function with the types of its parameters is what a person typed: what stands in front
 * may be left out (but behind "::"), "const T" is "T const", spaces count between words only. */
bool op_signature_fits(const char *whole, const char *typed);

#endif
