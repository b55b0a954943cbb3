// SPDX-License-Identifier: GPL-3.0-or-later
// C as a compiler writes it: a shadow stack in linear memory, recursion, function pointers,
// floating point, 64-bit arithmetic.
typedef struct {
	short id;
	double weight;
	long long key;
} record;

static record records[4] = {{1, 1.5, 10}, {2, -2.5, 200}, {3, 1e-300, -3000}, {4, 0, 1LL << 40}};
static int calls;

static long long fold(const record *r, int n, long long (*combine)(long long, long long))
{
	if (n == 0)
		return 0;
	calls++;
	return combine(r->key, fold(r + 1, n - 1, combine));
}

static long long plus(long long a, long long b)
{
	return a + b;
}

static long long mixed(long long a, long long b)
{
	return a ^ (b << 3);
}

static double heaviest(const record *r, int n)
{
	double best = -1e308;
	for (int i = 0; i < n; i++)
		if (r[i].weight > best)
			best = r[i].weight;
	return best;
}

// The guest begins here and not in a C library: every instruction is one of these functions'.
__attribute__((export_name("_start"))) void _start(void)
{
	records[3].weight = heaviest(records, 3);
	records[0].key = fold(records, 4, plus);
	records[1].key = fold(records, 4, mixed);
	records[2].id = (short)calls;
}
