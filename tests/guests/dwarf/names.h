// SPDX-License-Identifier: GPL-3.0-or-later
// What both units of the module of names have. The test knows its lines.
#ifndef NAMES_H
#define NAMES_H

namespace ns
{
class Shape
{
      public:
	Shape(int width, int height) : width(width), height(height) {}
	int area() const;
	int area(int scale) const;
	static int count;
	struct Corner {
		int x, y;
		int sum() const { return x + y; }
	};

      private:
	int width, height;
};

template <typename T> T largest(T a, T b)
{
	return a < b ? b : a;
}

enum class Mode { Fast, Slow };
} // namespace ns

int run_other(int value);

#endif
