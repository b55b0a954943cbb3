// SPDX-License-Identifier: GPL-3.0-or-later
// What tests/e2e/test_hostile_names.py puts hostile names into: it writes over the words that begin with MARK in the module.
#line 1 "MARKPATH________.c"
#include <stdio.h>

enum MARKKIND________ { MARKENUM________ = 3 };
struct MARKTYPE________ {
	int MARKMEMB________;
	const char *text;
	enum MARKKIND________ kind;
	struct MARKTYPE________ *next;
};
typedef struct MARKTYPE________ MARKALIAS_______;

MARKALIAS_______ MARKGLOB________ = {1, "MARKDATA________", MARKENUM________, &MARKGLOB________};
char bytes[] = "MARKDATB________";

__attribute__((noinline)) int MARKFUNC________(MARKALIAS_______ *MARKPARM________)
{
	MARKALIAS_______ MARKLOCL________ = *MARKPARM________;
	const char *text = bytes;
	puts("ready");
	fflush(stdout);
	int got = getchar();
	return MARKLOCL________.MARKMEMB________ + got + text[0] * 0;
}

int main(int count, char **arguments)
{
	int result = MARKFUNC________(&MARKGLOB________);
	printf("done rounds=1 sum=%d\n", result);
	return 0;
}
