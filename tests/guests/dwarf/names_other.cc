// SPDX-License-Identifier: GPL-3.0-or-later
// The second unit: the same names again.
#include "names.h"

namespace ns
{
static volatile int counter = 8;
}

namespace other
{
class Shape
{
      public:
	int side;
	__attribute__((noinline)) int area() const { return side * side; }
};
} // namespace other

// Optimised code needs no such array.
static const int dropped[] = {4, 5};

int run_other(int value)
{
	other::Shape shape = {value};
	return shape.area() + ns::largest(value, dropped[1]) + ns::counter;
}
