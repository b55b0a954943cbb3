// SPDX-License-Identifier: GPL-3.0-or-later
// Functions by what they return, for tests/unit/test_returns.c.
#define EXPORT __attribute__((visibility("default"), used, noinline))
#define INNER  static __attribute__((noinline))

struct point {
	int x, y;
};
struct one {
	struct {
		short number[1];
	} inner;
};
struct bits {
	unsigned low : 3;
};
struct floating {
	float real;
};
union two {
	int number;
	float real;
};
struct nothing {};
enum color { RED, GREEN };
typedef float vector __attribute__((vector_size(16)));

static volatile int sink;

EXPORT int number(int n)
{
	return n + 1;
}
EXPORT const char *pointer(void)
{
	return "x";
}
EXPORT enum color color(void)
{
	return GREEN;
}
EXPORT long long far_away(int n)
{
	return n;
}
EXPORT double real(double d)
{
	return d + 1;
}
EXPORT struct one one(int n)
{
	return (struct one){{{(short)n}}};
}
EXPORT struct bits bits(unsigned n)
{
	return (struct bits){n & 7};
}
EXPORT struct floating floating(float f)
{
	return (struct floating){f};
}
EXPORT union two two(int n)
{
	return (union two){n};
}
EXPORT struct point point(int x, int y)
{
	return (struct point){x, y};
}
EXPORT __int128 wide(long long n)
{
	return n;
}
EXPORT struct nothing nothing(void)
{
	return (struct nothing){};
}
EXPORT void none(void)
{
	sink = 1;
}
// The pointer to where the struct goes is moved on.
EXPORT struct point moved(int n)
{
	struct point p = {1, 2};
	while (n-- > sink)
		p.x += sink;
	return p;
}

// An optimising compiler drops what nobody uses of these: their result, or a parameter.
INNER int no_result(int n)
{
	sink = n;
	return n + sink;
}
INNER struct one no_small_result(int n)
{
	sink = n;
	return (struct one){{{(short)(n + sink)}}};
}
INNER struct point no_parameter(int unused, int n)
{
	(void)unused;
	return (struct point){n + sink, sink};
}
EXPORT int use(int n)
{
	no_result(n);
	no_small_result(n + 1);
	return no_parameter(n, n + 2).x + no_parameter(n, n + 3).y;
}
