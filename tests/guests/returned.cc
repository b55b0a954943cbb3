// SPDX-License-Identifier: GPL-3.0-or-later
// As returned.c, with types of C++: classes that are copied by bytes and those that are not, references, pointers to members.
#include <cstdio>
#include <memory>
#include <string>

#define FUNCTION __attribute__((noinline))

namespace ns {

enum class Color : unsigned char { Red, Green };
enum Plain { First, Second };

struct Empty {};

struct Base {
	int id;
	int twice() { return 2 * id; }
};

// An empty base and an empty member change nothing: it is returned as its number.
struct Handle : Empty {
	Empty nothing;
	unsigned number;
};

// Not copied by its bytes: it is returned in memory, although it is only one number.
struct Owned {
	int number;
	explicit Owned(int n) : number(n) {}
	Owned(const Owned &other) : number(other.number) {}
	~Owned() { number = -1; }
};

struct Shape : Base {
	double area;
	Shape moved(double by) const __attribute__((noinline));
	static Color color() __attribute__((noinline));
	explicit Shape(int n) : Base{n}, area(n / 4.0) {}
	Shape(const Shape &other) : Base(other), area(other.area) {}
};

Shape Shape::moved(double by) const
{
	Shape other(id + 1);
	other.area += by;
	return other;
}

Color Shape::color()
{
	return Color::Green;
}

template <typename T> FUNCTION T same(T value)
{
	return value;
}

} // namespace ns

static ns::Base global = {7};

FUNCTION ns::Plain plain()
{
	return ns::Second;
}
FUNCTION ns::Handle handle(unsigned n)
{
	ns::Handle made;
	made.number = n;
	return made;
}
FUNCTION ns::Owned owned(int n)
{
	return ns::Owned(n + 1);
}
FUNCTION ns::Base &reference()
{
	return global;
}
FUNCTION int &&moving(int &n)
{
	return static_cast<int &&>(n);
}
FUNCTION int ns::Base::*member()
{
	return &ns::Base::id;
}
FUNCTION std::unique_ptr<int> owner(int n)
{
	return std::make_unique<int>(n);
}
FUNCTION std::string text(int n)
{
	return "a text of " + std::to_string(n) + " letters";
}
FUNCTION bool truth(int n)
{
	return n > 3;
}
FUNCTION char32_t letter()
{
	return U'a';
}
FUNCTION decltype(auto) deduced(int n)
{
	return n * 1.5;
}
FUNCTION ns::Empty empty()
{
	return {};
}

int main()
{
	printf("plain = %s\n", plain() == ns::Second ? "ns::Second" : "ns::First");
	printf("handle = {<ns::Empty> = {}, nothing = {}, number = %u}\n", handle(4000000000u).number);
	{
		ns::Owned made = owned(4);
		printf("owned = {number = %d}\n", made.number);
	}
	ns::Base &base = reference();
	printf("reference = (ns::Base &) @0x%zx: {id = %d}\n", reinterpret_cast<size_t>(&base), base.id);
	int n = 12;
	int &&same_n = moving(n);
	printf("moving = (int &&) @0x%zx: %d\n", reinterpret_cast<size_t>(&same_n), same_n);
	printf("member = %zu\n", reinterpret_cast<size_t>(&(global.*member())) - reinterpret_cast<size_t>(&global));
	std::unique_ptr<int> made = owner(33);
	printf("owner = std::unique_ptr = {get() = 0x%zx}\n", reinterpret_cast<size_t>(made.get()));
	std::string long_text = text(30);
	printf("text = \"%s\"\n", long_text.c_str());
	printf("truth = %s\n", truth(4) ? "true" : "false");
	char32_t c = letter();
	printf("letter = %u U'%c'\n", static_cast<unsigned>(c), static_cast<char>(c));
	printf("deduced = %g\n", deduced(3));
	empty();
	ns::Shape shape(2), other = shape.moved(0.25);
	printf("ns::Shape::moved = {<ns::Base> = {id = %d}, area = %g}\n", other.id, other.area);
	printf("ns::Shape::color = %s\n", ns::Shape::color() == ns::Color::Green ? "ns::Color::Green" : "ns::Color::Red");
	printf("ns::same<long long> = %lld\n", ns::same(-5000000000ll));
	return 0;
}
