// SPDX-License-Identifier: GPL-3.0-or-later
// Values of C++ and of libc++: what each function sees at stop() is what outpost must show. Each
// line of the table is an expression, a tab, and how it is written, made from the values.
#include <array>
#include <cstdio>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace shapes {

enum class Kind : unsigned char { Round = 1, Square = 2 };

struct Named {
	std::string name;
};

struct Shape : Named {
	int id;
	static int made;
	explicit Shape(int number) : id(number)
	{
		name = "shape";
		made++;
	}
	virtual ~Shape() = default;
	virtual double area() const
	{
		return 0;
	}
};
int Shape::made = 0;

struct Circle : Shape {
	double radius = 1.5;
	Kind kind = Kind::Round;
	Circle() : Shape(7) {}
	double area() const override;
};

struct Left {
	int left = 1;
};
struct Right {
	int right = 2;
};
struct Both : Left, Right {
	int both = 3;
};

struct Root {
	int root = 11;
};
struct First : virtual Root {
	int first = 12;
};
struct Second : virtual Root {
	int second = 13;
};
struct Diamond : First, Second {
	int last = 14;
};

// A virtual base with a vtable; one that is nothing else shares that of the class it is in.
struct Thin {
	virtual ~Thin() = default;
};
struct Wide : virtual Thin {
	int wide = 21;
};
struct Base : Thin {
	int base = 22;
};
struct Upper : virtual Base {
	int upper = 23;
};
struct Other : virtual Base, Wide {
	int other = 24;
};
struct Bottom : Upper, Other {
	int bottom = 25;
};

template <typename T, int N> struct Box {
	T content[N];
};

} // namespace shapes

extern "C" __attribute__((noinline)) void stop(void)
{
	puts("stop");
	fflush(stdout); // outpost writes to the same stream
}

#define ROW(expression, format, ...) printf(expression "\t" format "\n", __VA_ARGS__)

static unsigned long at(const void *pointer)
{
	return (unsigned long)pointer;
}

double shapes::Circle::area() const
{
	ROW("this->id", "%d", this->id);
	ROW("radius", "%g", radius);
	ROW("kind", "%s", kind == Kind::Round ? "shapes::Kind::Round" : "?");
	ROW("name", "\"%s\"", name.c_str());
	ROW("this", "(const shapes::Circle *) 0x%lx", at(this));
	ROW("Shape::made", "%d", Shape::made);
	stop();
	return 3 * radius * radius;
}

__attribute__((noinline)) static double classes()
{
	shapes::Circle circle;
	shapes::Shape &shape = circle;
	const shapes::Shape *base = &circle;
	shapes::Both both;
	shapes::Diamond diamond;
	shapes::First *first = &diamond;
	shapes::Bottom bottom;
	shapes::Base *virtual_base = &bottom;
	shapes::Upper *upper = &bottom;
	shapes::Wide &side = bottom;
	shapes::Thin *thin = &side;
	shapes::Box<short, 3> box = {{1, 2, 3}};
	int number = 5;
	int &reference = number;
	int &&temporary = 6;
	int shapes::Left::*member = &shapes::Left::left;
	struct {
		int inner;
	} unnamed = {9};
	auto lambda = [number](int more) { return number + more; };
	double area = shape.area();
	ROW("both", "{<shapes::Left> = {left = %d}, <shapes::Right> = {right = %d}, both = %d}",
	    both.left, both.right, both.both);
	ROW("both.right", "%d", both.right);
	ROW("diamond.root", "%d", diamond.root);
	ROW("diamond.second", "%d", diamond.second);
	ROW("first->first", "%d", first->first);
	ROW("virtual_base->base", "%d", virtual_base->base);
	ROW("upper->upper", "%d", upper->upper);
	ROW("side.wide", "%d", side.wide);
	ROW("thin", "(shapes::Thin *) 0x%lx", at(thin));
	ROW("box", "{content = {%d, %d, %d}}", box.content[0], box.content[1], box.content[2]);
	ROW("reference", "(int &) @0x%lx: %d", (unsigned long)&reference, reference);
	ROW("temporary", "(int &&) @0x%lx: %d", (unsigned long)&temporary, temporary);
	ROW("base->id", "%d", base->id);
	ROW("base", "(const shapes::Shape *) 0x%lx", at(base));
	ROW("shape.id", "%d", shape.id);
	ROW("shape.name", "\"%s\"", shape.name.c_str());
	ROW("unnamed", "{inner = %d}", unnamed.inner);
	ROW("area", "%g", area);
	ROW("circle.radius", "%g", circle.radius);
	ROW("circle.kind", "%s", "shapes::Kind::Round");
	stop();
	return area + lambda(1) + both.*member;
}

__attribute__((noinline)) static size_t containers()
{
	std::string empty, small = "short", large(40, 'x');
	std::string quoted = "a \"quoted\" one, and longer than inline";
	std::string_view view = std::string_view(quoted).substr(2, 8);
	std::u16string wide = u"gr\u00fc\u00df";
	std::vector<int> numbers = {1, 2, 3}, none;
	std::vector<bool> bits = {true, false, true};
	std::vector<std::string> words = {"one", "two"};
	std::vector<std::vector<int>> nested = {{1}, {2, 3}};
	std::array<double, 2> pair = {0.5, 2};
	std::map<std::string, int> ages = {{"ann", 30}, {"bob", 40}};
	std::map<int, int> nothing;
	std::set<int> chosen = {3, 1, 2};
	std::list<int> chain = {4, 5};
	std::unordered_map<int, std::string> codes = {{404, "not found"}};
	std::optional<int> some = 42, never;
	std::optional<std::string> text = "there";
	std::unique_ptr<int> owned = std::make_unique<int>(8), unowned;
	std::shared_ptr<int> shared = std::make_shared<int>(9), other = shared;
	std::pair<int, std::string> couple = {1, "x"};
	std::tuple<int, double, char> triple = {1, 2.5, 'c'};
	std::variant<int, std::string> either = "text";
	numbers.reserve(10);
	ROW("empty", "%s", "\"\"");
	ROW("small", "\"%s\"", small.c_str());
	ROW("large", "%c%c%c <repeats %zu times>", 39, large[0], 39, large.size());
	ROW("quoted", "%s", "\"a \\\"quoted\\\" one, and longer than inline\"");
	ROW("view", "%s", "\"\\\"quoted\\\"\"");
	ROW("wide", "%s", "u\"gr\303\274\303\237\"");
	ROW("numbers", "std::vector of length %zu, capacity %zu = {%d, %d, %d}", numbers.size(),
	    numbers.capacity(), numbers[0], numbers[1], numbers[2]);
	ROW("none", "std::vector of length %zu, capacity %zu", none.size(), none.capacity());
	ROW("bits", "std::vector<bool> of length %zu = {%s, %s, %s}", bits.size(), "true", "false",
	    "true");
	ROW("words", "std::vector of length %zu, capacity %zu = {\"%s\", \"%s\"}", words.size(),
	    words.capacity(), words[0].c_str(), words[1].c_str());
	ROW("nested",
	    "std::vector of length 2, capacity 2 = {std::vector of length 1, capacity 1 = {%d}, "
	    "std::vector of length 2, capacity 2 = {%d, %d}}",
	    nested[0][0], nested[1][0], nested[1][1]);
	ROW("pair", "{%g, %g}", pair[0], pair[1]);
	ROW("ages", "std::map with %zu elements = {[\"ann\"] = %d, [\"bob\"] = %d}", ages.size(),
	    ages["ann"], ages["bob"]);
	ROW("nothing", "std::map with %zu elements", nothing.size());
	ROW("chosen", "std::set with %zu elements = {%d, %d, %d}", chosen.size(), *chosen.begin(),
	    *std::next(chosen.begin()), *chosen.rbegin());
	ROW("chain", "std::list with %zu elements = {%d, %d}", chain.size(), chain.front(),
	    chain.back());
	ROW("codes", "std::unordered_map with %zu element = {[404] = \"%s\"}", codes.size(),
	    codes[404].c_str());
	ROW("some", "std::optional = {%d}", *some);
	ROW("never", "%s", "std::optional without a value");
	ROW("text", "std::optional = {\"%s\"}", text->c_str());
	ROW("owned", "std::unique_ptr = {get() = 0x%lx}", at(owned.get()));
	ROW("unowned", "std::unique_ptr = {get() = 0x%lx}", at(unowned.get()));
	ROW("shared", "std::shared_ptr (use count 2, weak count 0) = {get() = 0x%lx}", at(shared.get()));
	ROW("couple", "{first = %d, second = \"%s\"}", couple.first, couple.second.c_str());
	ROW("triple", "std::tuple = (%d, %g, %d '%c')", std::get<0>(triple), std::get<1>(triple),
	    std::get<2>(triple), std::get<2>(triple));
	ROW("either", "std::variant [index %zu] = {\"%s\"}", either.index(),
	    std::get<1>(either).c_str());
	stop();
	return empty.size() + large.size() + view.size() + wide.size() + some.has_value() +
	       never.has_value() + bits.size() + (unowned == nullptr) + other.use_count();
}

int main()
{
	static char output[1 << 14];
	setvbuf(stdout, output, _IOFBF, sizeof(output));
	double result = classes();
	result += (double)containers();
	printf("done\t%g\n", result);
}
