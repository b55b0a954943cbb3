// SPDX-License-Identifier: GPL-3.0-or-later
// The guest of fuzz_session_dump's Wasm core dump: a few frames with locals of each number type, globals and memory, and nothing else.
__attribute__((import_module("wasi_snapshot_preview1"), import_name("fd_read"))) int fd_read(int, void *, int, void *);

enum kind { LEAF, BRANCH = 7 };
struct node {
	const char *name;
	struct node *next;
	enum kind kind;
	unsigned flag : 3;
	double weight;
	int (*run)(int);
};

struct node pool[4];
int turns = 3;
// WebAssembly's own globals, of the types that the stack pointer is not of.
__asm__(".globaltype count, i64\ncount:\n.globaltype part, f32\npart:\n.globaltype whole, f64\nwhole:\n");
long long wide[2] = {0, 1ll << 40};
float ratios[3] = {0.5f, 1.5f, -2.25f};
static const char *const words[] = {"one", "two", "three"};

static int twice(int value)
{
	return value * 2;
}

__attribute__((noinline)) static int wait_here(struct node *head, long long depth, float share, double weight)
{
	char buffer[16] = "waiting";
	struct {
		void *data;
		unsigned size;
	} vector = {buffer, sizeof(buffer)};
	struct node copy = *head;
	unsigned done = 0;
	fd_read(0, &vector, 1, &done);
	return copy.run((int)depth) + (int)(share * weight) + buffer[0];
}

__attribute__((noinline)) static int walk(struct node *at, int depth)
{
	double weight = at->weight + depth;
	if (at->next)
		return walk(at->next, depth + 1) + depth;
	return wait_here(at, wide[1] + depth, ratios[depth % 3], weight);
}

__attribute__((export_name("_start"))) void start(void)
{
	for (int i = 0; i < 4; i++)
		pool[i] = (struct node){words[i % 3], i < 3 ? &pool[i + 1] : 0, i % 2 ? BRANCH : LEAF, (unsigned)i & 7, i / 4.0, twice};
	__asm__ volatile("i64.const -5\nglobal.set count\nf32.const 0x1p-2\nglobal.set part\nf64.const 0x1p40\nglobal.set whole");
	turns += walk(pool, 0);
}
