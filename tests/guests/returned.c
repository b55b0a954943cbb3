// SPDX-License-Identifier: GPL-3.0-or-later
// Functions that return values of C's types in every way that they are returned in. What each call gave is printed, one line for
// each: "FUNCTION = VALUE", as a debugger shall show it.
#include <complex.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

// Weak: however much is optimised, nobody knows what they do.
#define FUNCTION __attribute__((noinline, weak))

enum color { RED, GREEN, BLUE };
enum far { NEAR = -1, FAR = 5000000000 };
typedef unsigned short port;
struct point {
	int x, y;
};
struct only {
	struct {
		short number;
	} inner;
};
struct real {
	double value[1];
};
union word {
	int number;
	float real;
};
union alone {
	unsigned number;
};
struct nested {
	struct point from, to;
	const char *name;
	unsigned first : 3, second : 5;
};
struct nothing {};
typedef struct point pair;
typedef int operation(int);

static struct point origin = {3, -4};

FUNCTION int twice(int n)
{
	return 2 * n;
}
FUNCTION signed char letter(void)
{
	return -2;
}
FUNCTION unsigned char byte(void)
{
	return 200;
}
FUNCTION char initial(void)
{
	return 'o';
}
FUNCTION port listening(void)
{
	return 65535;
}
FUNCTION short negative(void)
{
	return -300;
}
FUNCTION unsigned big(void)
{
	return 4000000000u;
}
FUNCTION long long far_away(void)
{
	return -5000000000;
}
FUNCTION unsigned long long farthest(void)
{
	return 18446744073709551615u;
}
FUNCTION bool is_even(int n)
{
	return n % 2 == 0;
}
FUNCTION float half(float f)
{
	return f / 2;
}
FUNCTION double third(double d)
{
	return d / 3;
}
FUNCTION long double quarter(long double d)
{
	return d / 4;
}
FUNCTION __int128 wide(int64_t n)
{
	return (__int128)n * n;
}
FUNCTION enum color paint(int n)
{
	return n ? BLUE : RED;
}
FUNCTION enum far distance(int n)
{
	return n ? FAR : NEAR;
}
FUNCTION const char *name(void)
{
	return "a \"name\"";
}
FUNCTION struct point *where(void)
{
	return &origin;
}
FUNCTION void *nowhere(void)
{
	return NULL;
}
FUNCTION operation *what(void)
{
	return twice;
}
FUNCTION struct only alone(void)
{
	return (struct only){{-7}};
}
FUNCTION struct real real(void)
{
	return (struct real){{0.5}};
}
FUNCTION union alone one_of_one(void)
{
	return (union alone){9};
}
FUNCTION union word one_of_two(void)
{
	return (union word){.real = 1};
}
FUNCTION struct point moved(struct point from, int by)
{
	from.x += by;
	from.y -= by;
	return from;
}
FUNCTION const pair renamed(void)
{
	pair p = {5, 6};
	return p;
}
FUNCTION struct nested nested(int depth)
{
	if (depth)
		return nested(depth - 1);
	return (struct nested){{1, 2}, {3, 4}, "nested", 5, 6};
}
FUNCTION float complex turned(void)
{
	return 1.5f + 2.5f * I;
}
FUNCTION struct nothing nothing(void)
{
	return (struct nothing){};
}
FUNCTION void none(void)
{
	origin.x++;
}

static void say_point(const char *name, struct point p)
{
	printf("%s = {x = %d, y = %d}\n", name, p.x, p.y);
}

int main(void)
{
	static const char *const colors[] = {"RED", "GREEN", "BLUE"};
	printf("twice = %d\n", twice(-21));
	printf("letter = %d '\\376'\n", letter());
	printf("byte = %d '\\310'\n", byte());
	char c = initial();
	printf("initial = %d '%c'\n", c, c);
	printf("listening = %u\n", listening());
	printf("negative = %d\n", negative());
	printf("big = %u\n", big());
	printf("far_away = %lld\n", far_away());
	printf("farthest = %llu\n", farthest());
	printf("is_even = %s\n", is_even(3) ? "true" : "false");
	printf("half = %g\n", half(5));
	printf("third = %.17g\n", third(0.75));
	printf("quarter = %g\n", (double)quarter(3));
	printf("wide = %" PRId64 "\n", (int64_t)wide(-3000000000));
	printf("paint = %s\n", colors[paint(1)]);
	printf("distance = %s\n", distance(1) == FAR ? "FAR" : "NEAR");
	const char *n = name();
	printf("name = %p \"a \\\"name\\\"\"\n", (void *)n);
	printf("where = (struct point *) %p\n", (void *)where());
	printf("nowhere = (void *) 0x%d\n", (int)(intptr_t)nowhere());
	printf("what = (operation *) 0x%x <twice>\n", (unsigned)(uintptr_t)what());
	printf("alone = {inner = {number = %d}}\n", alone().inner.number);
	printf("real = {value = {%g}}\n", real().value[0]);
	printf("one_of_one = {number = %u}\n", one_of_one().number);
	union word w = one_of_two();
	printf("one_of_two = {number = %d, real = %g}\n", w.number, w.real);
	say_point("moved", moved(origin, 10));
	say_point("renamed", renamed());
	struct nested deep = nested(2);
	printf("nested = {from = {x = %d, y = %d}, to = {x = %d, y = %d}, name = %p \"%s\", first = %u, second = %u}\n", deep.from.x,
	       deep.from.y, deep.to.x, deep.to.y, (void *)deep.name, deep.name, deep.first, deep.second);
	float complex t = turned();
	printf("turned = {real = %g, imag = %g}\n", crealf(t), cimagf(t));
	nothing();
	none();
	printf("origin = %d\n", origin.x);
	return 0;
}
