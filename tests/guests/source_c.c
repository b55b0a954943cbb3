// SPDX-License-Identifier: GPL-3.0-or-later
// Values of C: what main() sees at stop() is what outpost must show. Each line of the table is an
// expression, a tab, and how it is written, made from the values themselves.
#include <complex.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum color { RED, GREEN = 5, BLUE = -3 };
enum flags { READ = 1, WRITE = 2, EXECUTE = 4 };

typedef unsigned char byte;

struct point {
	int x, y;
};

struct bits {
	unsigned first : 3;
	signed second : 5;
	unsigned long long wide : 40;
	bool flag : 1;
	enum flags access : 3;
};

union number {
	int whole;
	float real;
	byte raw[4];
};

struct node {
	int key;
	struct node *next;
	struct point at;
	union {
		int anonymous;
		unsigned other;
	};
	char name[8];
};

typedef int (*operation)(int, int);

static int add(int a, int b)
{
	return a + b;
}

int counter = 41;
static const char *const words[] = {"zero", "one", "two"};
const double ratio = 0.125;
const double *volatile used = &ratio; // else the linker leaves it out
struct point grid[2][3] = {{{1, 2}, {3, 4}, {5, 6}}, {{7, 8}, {9, 10}, {11, 12}}};

__attribute__((noinline)) void stop(void)
{
	puts("stop");
	fflush(stdout); // outpost writes to the same stream
}

#define ROW(expression, format, ...) printf(expression "\t" format "\n", __VA_ARGS__)

static void point_row(const char *name, const struct point *point)
{
	printf("%s\t{x = %d, y = %d}\n", name, point->x, point->y);
}

__attribute__((noinline)) static int scalars(signed char tiny, short small, int plain,
					     long long large, double wide, const char *text)
{
	unsigned char ubyte = 200;
	unsigned short ushort = 65535;
	unsigned uplain = 4000000000U;
	unsigned long long ularge = 18446744073709551615ULL;
	char letter = 'a';
	bool yes = true, no = false;
	float single = 0.1F;
	float tenth = 16777216.0F;
	double big = 1e300, negative = -2.25;
	wchar_t *wide_text = L"w\u00f6rter";
	byte named = 7;
	enum color color = GREEN, strange = (enum color)17;
	enum flags access = READ | EXECUTE;
	ROW("tiny", "%d '%s'", tiny, "\\205");
	ROW("small", "%d", small);
	ROW("plain", "%d", plain);
	ROW("large", "%lld", large);
	ROW("wide", "%g", wide);
	ROW("text", "0x%lx \"%s\"", (unsigned long)text, "say \\\"hi\\\"\\n");
	ROW("ubyte", "%d '%s'", ubyte, "\\310");
	ROW("ushort", "%d", ushort);
	ROW("uplain", "%u", uplain);
	ROW("ularge", "%llu", ularge);
	ROW("letter", "%d '%c'", letter, letter);
	ROW("yes", "%s", yes ? "true" : "false");
	ROW("no", "%s", no ? "true" : "false");
	ROW("single", "%g", single);
	ROW("tenth", "%.8g", tenth);
	ROW("big", "%g", big);
	ROW("negative", "%g", negative);
	ROW("wide_text", "0x%lx L\"%s\"", (unsigned long)wide_text, "w\303\266rter");
	ROW("named", "%d '%s'", named, "\\a");
	ROW("color", "%s", color == GREEN ? "GREEN" : "?");
	ROW("strange", "(enum color) %d", strange);
	ROW("access", "%s", access == 5 ? "READ | EXECUTE" : "?");
	ROW("counter", "%d", counter);
	ROW("ratio", "%g", *used);
	stop();
	return plain + ubyte + ushort + (int)uplain + (int)ularge + letter + yes + no + (int)single +
	       (int)tenth + (int)big + (int)negative + (int)wcslen(wide_text) + named + color +
	       strange + access;
}

__attribute__((noinline)) static int aggregates(int length)
{
	struct node second = {2, NULL, {30, 40}, {.anonymous = -1}, "second"};
	struct node first = {1, &second, {10, 20}, {.anonymous = 77}, "first"};
	struct node *pointer = &first;
	struct node *none = NULL;
	struct bits bits = {5, -7, 0x8765432101ULL, true, WRITE};
	union number number = {.real = 1.0F};
	int numbers[5] = {1, 2, 3, 5, 8};
	int zeros[30] = {[29] = 9};
	double matrix[2][2] = {{1, 0.5}, {-1, 2}};
	operation call = add;
	void *nothing = &numbers[1];
	int variable[length];
	int **twice = &(int *){&numbers[2]};
	double _Complex z = 1.5 + 2.0 * I;
	for (int i = 0; i < length; i++)
		variable[i] = i * i;
	printf("first\t{key = 1, next = 0x%lx, at = {x = 10, y = 20}, {anonymous = 77, other = 77}, "
	       "name = \"first\"}\n",
	       (unsigned long)first.next);
	ROW("first.name", "\"%s\"", first.name);
	ROW("first.at.y", "%d", first.at.y);
	point_row("first.at", &first.at);
	point_row("first.next->at", &first.next->at);
	ROW("pointer", "(struct node *) 0x%lx", (unsigned long)pointer);
	ROW("pointer->next->name", "\"%s\"", pointer->next->name);
	ROW("pointer->next->anonymous", "%d", pointer->next->anonymous);
	ROW("pointer->next->other", "%u", pointer->next->other);
	ROW("none", "(struct node *) 0x%lx", (unsigned long)none);
	ROW("bits", "{first = %u, second = %d, wide = %llu, flag = %s, access = %s}", bits.first,
	    bits.second, (unsigned long long)bits.wide, bits.flag ? "true" : "false", "WRITE");
	ROW("bits.second", "%d", bits.second);
	ROW("bits.wide", "%llu", (unsigned long long)bits.wide);
	ROW("number", "{whole = %d, real = %g, raw = \"%s\"}", number.whole, number.real,
	    "\\000\\000\\200?");
	ROW("numbers", "{%d, %d, %d, %d, %d}", numbers[0], numbers[1], numbers[2], numbers[3],
	    numbers[4]);
	ROW("numbers[3]", "%d", numbers[3]);
	ROW("*numbers@2", "{%d, %d}", numbers[0], numbers[1]);
	ROW("zeros", "{0 <repeats %d times>, %d}", 29, zeros[29]);
	ROW("matrix", "{{%g, %g}, {%g, %g}}", matrix[0][0], matrix[0][1], matrix[1][0],
	    matrix[1][1]);
	ROW("call", "(operation) 0x%lx <add>", (unsigned long)call);
	ROW("nothing", "(void *) 0x%lx", (unsigned long)nothing);
	ROW("*(int *)nothing", "%d", *(int *)nothing);
	ROW("variable", "{%d, %d, %d, %d}", variable[0], variable[1], variable[2], variable[3]);
	ROW("**twice", "%d", **twice);
	ROW("words", "{0x%lx \"%s\", 0x%lx \"%s\", 0x%lx \"%s\"}", (unsigned long)words[0], words[0],
	    (unsigned long)words[1], words[1], (unsigned long)words[2], words[2]);
	ROW("words[1]", "0x%lx \"%s\"", (unsigned long)words[1], words[1]);
	ROW("grid[1]", "{{x = %d, y = %d}, {x = %d, y = %d}, {x = %d, y = %d}}", grid[1][0].x,
	    grid[1][0].y, grid[1][1].x, grid[1][1].y, grid[1][2].x, grid[1][2].y);
	ROW("grid[1][2].y", "%d", grid[1][2].y);
	ROW("&grid[1][2]", "(struct point *) 0x%lx", (unsigned long)&grid[1][2]);
	ROW("sizeof(struct node)", "%lu", (unsigned long)sizeof(struct node));
	ROW("z", "{real = %g, imag = %g}", creal(z), cimag(z));
	stop();
	return first.key + second.key + numbers[0] + zeros[0] + (int)matrix[0][0] + call(1, 2) +
	       variable[length - 1] + **twice + (nothing != NULL) + (none == NULL) + number.whole +
	       bits.second + pointer->key + (int)creal(z);
}

int main(void)
{
	static char output[1 << 14];
	setvbuf(stdout, output, _IOFBF, sizeof(output));
	int result = scalars(-123, -32768, -42, -9007199254740993LL, 6.02214e+23, "say \"hi\"\n");
	result += aggregates(4);
	printf("done\t%d\n", result);
	return 0;
}
