// SPDX-License-Identifier: GPL-3.0-or-later
// A guest's language made by hand, for tests of expressions: types, variables in linear memory and
// in Wasm's locals, and the same variables as C has them, filled with the same values.
#ifndef OP_TESTS_UNIT_GUEST_FIXTURE_H
#define OP_TESTS_UNIT_GUEST_FIXTURE_H

#include <stdint.h>

#include "tracer/expression_guest.h"

enum kind { ADD, MUL, NUM };
struct node {
	enum kind kind;
	int value;
	struct node *left;
	unsigned flag : 3;
	int other : 5;
	char name[8];
	double weight;
	short small;
	unsigned char byte;
	long long big;
	float ratio;
	int grid[2][3];
};

/** The guest's variables. Wasm's locals and memory are those of stub_harness.h. */
enum { GUEST_POOL = 3 };
extern struct node guest_pool[GUEST_POOL]; // in memory, at a fixed address
extern struct node *guest_node;            // on the guest's own stack, at the frame base in local 0
extern unsigned long long guest_total;     // in memory
extern int guest_depth;                    // is local 4
extern long long guest_wide;               // is local 5
extern float guest_ratio;                  // is local 6
extern double guest_weight;                // is local 7
extern short guest_upper;                  // is the upper half of local 4

/** Names, types and places. @param[in] language changes what types results have. */
void guest_scope_init(struct op_expression_scope *scope, struct op_expression_guest *guest,
		      enum op_debug_language language);
/** Put the variables' values where the guest has them. */
void guest_store(void);

#endif
