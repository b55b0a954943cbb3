// SPDX-License-Identifier: GPL-3.0-or-later
// What breakpoints by the names of C++ meet: namespaces, templates, overloads, methods,
// constructors, lambdas, virtual calls.
#include <cstdio>

#define NEVER __attribute__((noinline))

static volatile int sink;

namespace ns
{
NEVER int f(int n)
{
	return n + 1; // ns::f(int)
}
NEVER double f(double n)
{
	return n * 2; // ns::f(double)
}
namespace inner
{
template <typename T> NEVER T largest(T a, T b)
{
	T one = a;        // largest: first
	if (one < b)      // largest: test
		one = b;  // largest: then
	return one;       // largest: last
}
} // namespace inner
} // namespace ns

NEVER int f(int n)
{
	return n - 1; // f(int)
}

struct Shape {
	explicit Shape(int side) : side_(side)
	{ // Shape::Shape
		sink = side;
	}
	virtual ~Shape() = default;
	virtual int area() const
	{
		return side_ * side_; // Shape::area
	}
	int side_;
};

struct Half : Shape {
	explicit Half(int side) : Shape(side)
	{
	}
	int area() const override
	{
		return Shape::area() / 2; // Half::area
	}
};

NEVER int measure(const Shape &shape)
{
	int area = shape.area(); // measure: call
	return area;             // measure: last
}

template <typename F> NEVER int apply(F function)
{
	return function(3); // apply
}

int main()
{
	int total = ns::f(1);                       // main: ns::f
	total += (int)ns::f(1.5);                   // main: double
	total += f(5);                              // main: f
	total += ns::inner::largest<int>(3, 4);     // main: largest int
	total += (int)ns::inner::largest(2.5, 1.5); // main: largest double
	Half half(6);                               // main: half
	total += measure(half);                     // main: measure
	total += apply([&](int n) {
		return n + total;                   // main: lambda
	});
	std::printf("done rounds=1 sum=%d\n", total); // main: printf
	return 0;
}
