// SPDX-License-Identifier: GPL-3.0-or-later
// Names in scopes of all kinds, bodies in bodies, variables that hide each other.
#include "names.h"

#define INLINE static inline __attribute__((always_inline))
#define NOINLINE __attribute__((noinline))
#define EXPORT __attribute__((visibility("default"))) NOINLINE extern "C"

enum color { RED, GREEN = 5 };
typedef unsigned long word;
union number {
	int integer;
	float real;
};

namespace ns
{
int Shape::count = 3;
static volatile int counter = 7;
inline namespace v1
{
int versioned = 9;
NOINLINE int current() { return versioned; }
} // namespace v1

NOINLINE int Shape::area() const { return width * height; }
NOINLINE int Shape::area(int scale) const { return width * height * scale; }
} // namespace ns

namespace
{
NOINLINE int hidden(int value) { return value + ns::counter; }
} // namespace

extern volatile int sink;
volatile int sink;

INLINE int innermost(int a)
{
	int doubled = a * 2;
	sink = doubled; // 41
	return doubled;
}

INLINE int middle(int b)
{
	sink = b; // 47
	return innermost(b + 1) + 1;
}

NOINLINE static int blocks(int value)
{
	static volatile int calls;
	int inner = value;
	for (int i = 0; i < value; i++) {
		int value = i * 2;
		inner += value;
		sink = inner; // 58
	}
	calls = calls + 1;
	return inner;
}

NOINLINE static int overloaded(int value) { return value + 1; }
NOINLINE static int overloaded(double value) { return (int)value; }

NOINLINE static bool operator<(const ns::Shape &a, const ns::Shape &b)
{
	return a.area() < b.area();
}

extern "C" __attribute__((export_name("run"))) int run(int seed)
{
	ns::Shape shape(seed, 2), other(2, seed);
	ns::Shape::Corner corner = {seed, 3};
	enum color color = seed ? GREEN : RED;
	ns::Mode mode = seed > 1 ? ns::Mode::Fast : ns::Mode::Slow;
	word word = seed;
	union number number;
	number.integer = seed;
	auto lambda = [&](int x) NOINLINE { return x + seed; };
	int total = shape.area() + shape.area(2) + corner.sum() + hidden(1) + ns::current();
	total += middle(seed); // 83
	total += ns::largest(seed, 4) + (int)ns::largest(2.5, (double)seed);
	total += blocks(seed) + overloaded(seed) + overloaded(1.5) + (shape < other);
	return total + lambda(2) + (int)color + (int)mode + (int)word + number.integer +
	       run_other(seed);
}
