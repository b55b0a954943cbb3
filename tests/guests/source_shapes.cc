// SPDX-License-Identifier: GPL-3.0-or-later
// Objects with bases, references and strings, for conditions in C++'s names: test_source_expressions.py.
// What outpost counts is counted here too. Lines end in a comment that names them.
#include <cstdio>
#include <string>
#include <vector>

namespace geometry {
int scale = 7;
enum class Color { Red = 1, Green = 5 };

struct Base {
	int id;
	static int made;
	explicit Base(int id) : id(id) { made++; }
	virtual ~Base() {}
	virtual int area(int factor) const { return factor; }
};
int Base::made = 0;

struct Extra {
	long long extra = 99;
};

struct Shape : Base, Extra {
	int w, h;
	Color color;
	std::string name;
	std::vector<int> items;
	Shape(int id, int w, int h, const char *name)
		: Base(id), w(w), h(h), color(id & 1 ? Color::Red : Color::Green), name(name), items{w, h, id}
	{
	}
	int area(int factor) const override;
};

int counted_members, counted_strings, counted_references;

int Shape::area(int factor) const
{
	const std::string &text = name;
	const int &height = h;
	const Extra *other = this;
	counted_members += id > 2 && w == h && color == Color::Green;
	counted_strings += name == "a short one" || text == "a name that is too long for the short form of it";
	counted_references += height > 3 && items[2] == id && other->extra == 99;
	return w * h * factor + scale; // area
}
} // namespace geometry

int main()
{
	int sum = 0;
	for (int i = 0; i < 20; i++) {
		geometry::Shape shape(i, i % 4, i % 6,
				      i % 5 ? "a short one" : "a name that is too long for the short form of it");
		geometry::Base &base = shape;
		sum += base.area(i);
	}
	std::printf("counted %d %d %d %d\n", geometry::counted_members, geometry::counted_strings,
		    geometry::counted_references, geometry::Base::made);
	std::printf("sum %d\n", sum);
}
