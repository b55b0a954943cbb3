// SPDX-License-Identifier: GPL-3.0-or-later
// A tree of operators that is evaluated, for conditions, log points, watches and assignments in the
// guest's own names: test_source_expressions.py. What outpost counts is counted here too, and printed
// at the end. Lines end in a comment that names them.
#include <stdio.h>
#include <string.h>

enum kind { ADD, MUL, NUM };
struct bits {
	signed low : 3;
	unsigned middle : 7;
	long long high : 40;
};
struct node {
	enum kind kind;
	int value;
	struct node *left, *right;
	unsigned flag : 3;
	int other : 5;
	char name[8];
	const char *label;
	double weight;
	unsigned char bytes[3][2];
};

static struct node pool[64];
static unsigned used;
static long long total;
static struct bits bits = {-2, 100, -7};
static unsigned deep_adds, named, by_bits, by_elements, visits;

static struct node *make(enum kind kind, int value, struct node *left, struct node *right)
{
	struct node *node = &pool[used++];
	node->kind = kind;
	node->value = value;
	node->left = left;
	node->right = right;
	node->flag = (unsigned)value & 7;
	node->other = value % 16 - 8;
	snprintf(node->name, sizeof(node->name), "n%d", value);
	node->label = kind == ADD ? "add" : kind == MUL ? "multiply" : "number";
	node->weight = value * 1.25;
	for (int i = 0; i < 6; i++)
		node->bytes[i / 2][i % 2] = (unsigned char)(value * 40 + i);
	return node;
}

static void note(const struct node *node, int depth)
{
	deep_adds += node->kind == ADD && depth > 3;
	named += !strcmp(node->label, "add") && !strcmp(node->name, "n9");
	by_bits += node->flag == 3 && node->other < 0;
	by_elements += node->bytes[node->flag & 1][1] > 200 && pool[depth].weight >= 2.5;
	visits++;
	printf("visit %d %s %d %.2f\n", depth, node->name, node->kind, node->weight);
}

static int eval(struct node *node, int depth)
{
	int left = 0, right = 0, result;
	note(node, depth); // note
	if (node->kind == NUM) {
		total += node->value; // total
		return node->value;
	}
	left = eval(node->left, depth + 1); // left
	right = eval(node->right, depth + 1); // right
	result = node->kind == ADD ? left + right : left * right % 1000; // result
	return result; // return
}

static const struct node *last;

static void show(const struct node *node, long long wide, short narrow, float real, _Bool truth)
{
	last = node; // show
	printf("shown %d %s %u %d %.3f %d %d %lld %d %.2f %d\n", node->value, node->name, node->flag,
	       node->other, node->weight, node->kind, node->left == 0, wide, narrow, real, truth);
	printf("bits %d %u %lld\n", bits.low, bits.middle, (long long)bits.high);
}

// With an argument it waits for a line first.
int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1) {
		puts("ready");
		fflush(stdout);
		getchar();
	}
	struct node *root = make(NUM, 1, 0, 0);
	for (int i = 2; i < 20; i++)
		root = make(i & 1 ? ADD : MUL, i, root, make(NUM, i % 3, 0, 0));
	for (int round = 0; round < 3; round++) {
		int result = eval(root, 0);
		printf("result %d %lld\n", result, total);
		bits.low++; // low
		bits.middle++; // middle
	}
	show(root, 1, 2, 3, 0);
	printf("last %s\n", last->label);
	printf("counted %u %u %u %u %u\n", deep_adds, named, by_bits, by_elements, visits);
	return 0;
}
