// SPDX-License-Identifier: GPL-3.0-or-later
// A function that a host program calls in two instances of the module (optimised_again.py).
static volatile int sink;

static void touch(int *value)
{
	sink += *value;
}

__attribute__((export_name("work"))) int work(int seed)
{
	int mark = seed * 2;
	touch(&mark);
	return mark; // work
}

int main(void)
{
	return work(0);
}
