// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The guest of the source-level tests in C++17 with libc++: an order book with instruments, orders, matching and a report. At its
 * checkpoints it prints what a debugger shall show there, one line for each expression, "EXPRESSION = VALUE" in gdb's style, between
 * "at NAME" and "end NAME"; then it calls checkpoint(). The expressions are to be evaluated in the frame that called checkpoint().
 *
 * "// @NAME" at the end of a line names the line for the tests. Knows nothing of outpost.
 */
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

// The table ------------------------------------------------------------------------------------------------------

static int checkpoints;

/* A debugger stops here; the whole table has been written before. */
extern "C" __attribute__((noinline)) void checkpoint(const char *name)
{
	checkpoints += name[0] != '\0'; // @checkpoint
}

static void end(const char *name)
{
	std::printf("end %s\n", name);
	std::fflush(stdout);
}
#define CHECKPOINT(name) (end(name), checkpoint(name))

static void at(const char *name)
{
	std::printf("at %s\n", name);
}

static void row(const char *expression, const std::string &value)
{
	std::printf("%s = %s\n", expression, value.c_str());
}

#define ROW(expression) row(#expression, show(expression))
#define ROW_AS(expression, value) row(#expression, value)

namespace book {
enum class Side : std::uint8_t;
enum Currency : int;
class Order;
struct Price;
template <typename T> struct Point;
} // namespace book

static std::string show(bool value)
{
	return value ? "true" : "false";
}

static std::string show(char value)
{
	return std::to_string(static_cast<int>(value)) + " '" + value + "'";
}

static std::string show(double value)
{
	char text[40];
	int precision = 1;
	do
		std::snprintf(text, sizeof(text), "%.*g", precision++, value);
	while (std::strtod(text, nullptr) != value);
	return text;
}

template <typename T> static std::enable_if_t<std::is_integral_v<T>, std::string> show(T value)
{
	return std::to_string(value);
}

template <typename T> static std::string hex(const T *pointer)
{
	char text[24];
	std::snprintf(text, sizeof(text), "0x%x", static_cast<unsigned>(reinterpret_cast<std::uintptr_t>(pointer)));
	return text;
}

template <typename T> static std::string show_pointer(const char *type, const T *pointer)
{
	return std::string("(") + type + ") " + hex(pointer);
}

static std::string show(const std::string &value)
{
	return '"' + value + '"';
}

static std::string show(std::string_view value)
{
	return '"' + std::string(value) + '"';
}

static std::string show(const char *value)
{
	return hex(value) + " \"" + value + '"';
}

static std::string show(book::Side value);
static std::string show(book::Currency value);
static std::string show(const book::Price &value);
static std::string show(const book::Order &value);
template <typename T> static std::string show(const book::Point<T> &value);
template <typename A, typename B> static std::string show(const std::pair<A, B> &value);
template <typename T> static std::string show(const std::vector<T> &value);
template <typename T> static std::string show(const std::unique_ptr<T> &value);

template <typename Container> static std::string show_elements(const Container &container)
{
	std::string text;
	for (const auto &element : container)
		text += (text.empty() ? "" : ", ") + show(element);
	return '{' + text + '}';
}

template <typename T> static std::string show(const std::vector<T> &value)
{
	std::string text = "std::vector of length " + show(value.size()) + ", capacity " + show(value.capacity());
	return value.empty() ? text : text + " = " + show_elements(value);
}

static std::string show(const std::vector<bool> &value)
{
	std::string text;
	for (bool bit : value)
		text += (text.empty() ? "" : ", ") + show(bit);
	return "std::vector<bool> of length " + show(value.size()) + " = {" + text + '}';
}

template <typename T, std::size_t N> static std::string show(const std::array<T, N> &value)
{
	return show_elements(value);
}

static std::string with_count(const char *name, std::size_t count)
{
	return std::string(name) + " with " + show(count) + (count == 1 ? " element" : " elements");
}

template <typename Map> static std::string show_map(const char *name, const Map &value)
{
	std::string text;
	for (const auto &[key, content] : value)
		text += (text.empty() ? "[" : ", [") + show(key) + "] = " + show(content);
	return with_count(name, value.size()) + (value.empty() ? "" : " = {" + text + '}');
}

template <typename K, typename V> static std::string show(const std::map<K, V> &value)
{
	return show_map("std::map", value);
}

template <typename K, typename V> static std::string show(const std::unordered_map<K, V> &value)
{
	return show_map("std::unordered_map", value);
}

template <typename T> static std::string show(const std::set<T> &value)
{
	return with_count("std::set", value.size()) + " = " + show_elements(value);
}

template <typename T> static std::string show(const std::list<T> &value)
{
	return with_count("std::list", value.size()) + " = " + show_elements(value);
}

template <typename T> static std::string show(const std::optional<T> &value)
{
	return value ? "std::optional = {" + show(*value) + '}' : "std::optional without a value";
}

template <typename A, typename B> static std::string show(const std::pair<A, B> &value)
{
	return "{first = " + show(value.first) + ", second = " + show(value.second) + '}';
}

template <typename T> static std::string show(const std::unique_ptr<T> &value)
{
	return "std::unique_ptr = {get() = " + hex(value.get()) + '}';
}

template <typename T> static std::string show(const std::shared_ptr<T> &value, long weak)
{
	return "std::shared_ptr (use count " + show(value.use_count()) + ", weak count " + show(weak) +
	       ") = {get() = " + hex(value.get()) + '}';
}

// Basic types of the book ----------------------------------------------------------------------------------------

namespace book {

enum class Side : std::uint8_t { Buy, Sell };
enum Currency : int { EUR = 1, USD = 2, GBP = 4 };
enum class Flags : unsigned { None = 0, Hidden = 1, Urgent = 2, Partial = 8 };

struct Price {
	long long cents;
	Currency currency;

	bool operator<(const Price &other) const
	{
		return cents < other.cents;
	}
};

template <typename T> struct Point {
	T x, y;

	T product() const
	{
		return x * y; // @product
	}
};

// Instruments: inheritance, virtual functions --------------------------------------------------------------------

class Instrument {
public:
	Instrument(std::string name, int lot) : name_(std::move(name)), lot_(lot)
	{
		created++;
	}
	virtual ~Instrument() = default;
	virtual double value(int quantity) const = 0;
	virtual const char *kind() const
	{
		return "instrument";
	}
	const std::string &name() const
	{
		return name_;
	}
	static int created;

protected:
	std::string name_;
	int lot_;
};

int Instrument::created = 0;

class Stock : public Instrument {
public:
	Stock(std::string name, int lot, double dividend) : Instrument(std::move(name), lot), dividend_(dividend)
	{
	}
	double value(int quantity) const override
	{
		double base = quantity * 10.5; // @stock-value
		show_this(quantity, base);
		return base + dividend_;
	}
	const char *kind() const override
	{
		return "stock";
	}

private:
	void show_this(int quantity, double base) const;

	double dividend_;
};

struct Tagged {
	int tag = 77;
	virtual ~Tagged() = default;
	virtual int rank() const
	{
		return tag;
	}
};

struct Dated {
	std::uint16_t year;
	std::uint8_t month : 4;
	std::uint8_t day : 5;
	bool exact : 1;
};

class Bond : public Instrument, public Tagged {
public:
	Bond(std::string name, Dated due, double rate) : Instrument(std::move(name), 1000), due_(due), rate_(rate)
	{
	}
	double value(int quantity) const override
	{
		return quantity * rate_ * lot_;
	}
	int rank() const override
	{
		return Tagged::rank() + due_.month;
	}

private:
	Dated due_;
	double rate_;
	friend void show_bond(const Bond &);
};

void Stock::show_this(int quantity, double base) const
{
	const Instrument *parent = this;
	const Instrument &whole = *this;
	at("this");
	ROW_AS(this, show_pointer("const book::Stock *", this));
	ROW_AS(this->dividend_, show(dividend_));
	ROW(dividend_);
	ROW(name_);
	ROW(lot_);
	ROW(created);
	ROW_AS(book::Instrument::created, show(created));
	ROW(quantity);
	ROW(base);
	ROW(base * 2 + quantity);
	ROW(quantity > 3);
	ROW(quantity > 3 && base < 1);
	ROW_AS(parent, show_pointer("const book::Instrument *", parent));
	ROW_AS(parent->lot_, show(lot_));
	ROW_AS(whole.name_, show(name_));
	ROW_AS(&whole == parent, show(true));
	ROW_AS(((const book::Stock *) parent)->dividend_, show(dividend_));
	CHECKPOINT("this");
}

void show_bond(const Bond &bond)
{
	at("bond");
	ROW_AS(bond.name_, show(bond.name_));
	ROW_AS(bond.lot_, show(bond.lot_));
	ROW(bond.tag);
	ROW(bond.rate_);
	ROW_AS(bond.due_, "{year = 2031, month = 11 '\\v', day = 30 '\\036', exact = true}");
	ROW_AS(bond.due_.year, "2031");
	ROW_AS(bond.due_.month + 1, "12");
	ROW(bond.due_.exact);
	ROW_AS(&bond, show_pointer("const book::Bond *", &bond));
	ROW_AS((const book::Tagged *) &bond, show_pointer("const book::Tagged *", static_cast<const Tagged *>(&bond)));
	ROW_AS(((const book::Tagged *) &bond)->tag, "77");
	CHECKPOINT("bond");
}

// Orders ---------------------------------------------------------------------------------------------------------

class Order {
public:
	Order(std::uint32_t id, Side side, int quantity, Price price) : id(id), side(side), quantity(quantity), price(price)
	{
	}
	std::uint32_t id;
	Side side;
	int quantity;
	Price price;

	/* Inlined wherever it is used. */
	__attribute__((always_inline)) int take(int wanted)
	{
		int taken = wanted < quantity ? wanted : quantity; // @take-first
		quantity -= taken; // @take-last
		return taken;
	}
};

// A ring of the last values: a template with a number, and a nested type.
template <typename T, int Size> class Ring {
public:
	struct Cursor {
		int position;
		const Ring *ring;
	};
	void add(const T &value)
	{
		values_[next_ % Size] = value; // @ring-add
		next_++;
	}
	Cursor cursor() const
	{
		return {next_ % Size, this};
	}
	T values_[Size] = {};
	int next_ = 0;
};

template <typename T> T largest(const T &a, const T &b)
{
	if (a < b) // @largest
		return b;
	return a;
}

namespace {
int hidden = 12;
}

class Book {
public:
	using Levels = std::map<long long, std::vector<Order>>;

	int add(const Order &order)
	{
		int left = match(order); // @add-match
		if (left > 0) {
			Order rest = order;
			rest.quantity = left;
			levels_of(order.side)[order.price.cents].push_back(rest); // @add-rest
		}
		recent.add(order.quantity);
		return left;
	}

	Ring<int, 4> recent;
	Levels bids, asks;
	std::unordered_map<std::uint32_t, int> traded;

private:
	Levels &levels_of(Side side)
	{
		return side == Side::Buy ? bids : asks;
	}

	int match(const Order &order)
	{
		Levels &others = levels_of(order.side == Side::Buy ? Side::Sell : Side::Buy);
		int left = order.quantity;
		for (auto &[cents, orders] : others) { // @match-level
			for (Order &other : orders) { // @match-order
				int taken = other.take(left); // @match-take
				left -= taken;
				if (taken)
					traded[other.id] += taken;
			}
			(void)cents;
		}
		return left; // @match-last
	}
};

} // namespace book

static std::string show(book::Side value)
{
	return value == book::Side::Buy ? "book::Side::Buy" : "book::Side::Sell";
}

static std::string show(book::Currency value)
{
	return value == book::EUR ? "book::EUR" : "book::USD";
}

static std::string show(const book::Price &value)
{
	return "{cents = " + show(value.cents) + ", currency = " + show(value.currency) + '}';
}

static std::string show(const book::Order &value)
{
	return "{id = " + show(value.id) + ", side = " + show(value.side) + ", quantity = " + show(value.quantity) +
	       ", price = " + show(value.price) + '}';
}

template <typename T> static std::string show(const book::Point<T> &value)
{
	return "{x = " + show(value.x) + ", y = " + show(value.y) + '}';
}

// Checkpoints of the standard library ----------------------------------------------------------------------------

static void show_strings()
{
	std::string empty, brief = "short", lengthy = "a string that is too long for the object itself";
	std::string_view view = std::string_view(lengthy).substr(2, 6);
	std::u16string wide = u"w\u00e9";
	const char *plain = "plain";
	std::string *heap = new std::string("on the heap");
	std::string &alias = brief;
	std::vector<std::string> words = {"one", "two", "three"};
	std::string many(300, 'x');
	at("strings");
	ROW(empty);
	ROW(brief);
	ROW(lengthy);
	ROW(view);
	ROW_AS(wide, "u\"w\xc3\xa9\"");
	ROW(plain);
	ROW(*heap);
	ROW(words);
	ROW_AS(*&alias, show(brief));
	ROW_AS(many, "'x' <repeats 200 times>...");
	CHECKPOINT("strings");
	delete heap;
}

static void show_containers()
{
	std::vector<int> numbers = {1, 2, 3}, none;
	numbers.reserve(8);
	std::vector<std::vector<int>> nested = {{1}, {2, 3}};
	std::vector<bool> bits = {true, false, true, true};
	std::vector<std::pair<std::string, double>> pairs = {{"half", 0.5}, {"quarter", 0.25}};
	std::array<short, 3> fixed = {7, 8, 9};
	std::map<std::string, int> ages = {{"ann", 31}, {"bob", 42}, {"cid", 27}, {"dora", 55}};
	std::map<int, std::vector<std::string>> groups = {{1, {"a"}}, {2, {"b", "c"}}};
	std::map<int, int> nothing;
	std::unordered_map<int, std::string> single = {{5, "five"}};
	std::set<char> letters = {'z', 'a', 'm'};
	std::list<double> list = {1.5, -2.5};
	std::pair<int, char> pair = {4, 'p'};
	at("containers");
	ROW(numbers);
	ROW(none);
	ROW(nested);
	ROW(bits);
	ROW(pairs);
	ROW(fixed);
	ROW(ages);
	ROW(groups);
	ROW(nothing);
	ROW(single);
	ROW(letters);
	ROW(list);
	ROW(pair);
	ROW(pair.second);
	CHECKPOINT("containers");
}

static void show_owners()
{
	std::optional<int> some = 5, nothing;
	std::optional<std::string> text = "there";
	std::optional<book::Price> price = book::Price{1999, book::USD};
	std::unique_ptr<book::Price> owned = std::make_unique<book::Price>(book::Price{250, book::EUR});
	std::unique_ptr<int[]> block(new int[4]{4, 3, 2, 1});
	std::unique_ptr<int> released;
	std::shared_ptr<int> shared = std::make_shared<int>(8), second = shared;
	std::weak_ptr<int> weak = shared;
	std::variant<int, double, std::string> choice = 2.5;
	std::tuple<int, char, bool> three = {1, 'c', true};
	at("owners");
	ROW(some);
	ROW(nothing);
	ROW(text);
	ROW(price);
	ROW(owned);
	ROW(released);
	ROW_AS(block, "std::unique_ptr = {get() = " + hex(block.get()) + '}');
	ROW_AS(shared, show(shared, 1));
	ROW_AS(weak, "std::weak_ptr (use count 2, weak count 1) = {get() = " + hex(shared.get()) + '}');
	ROW_AS(choice, "std::variant [index 1] = {2.5}");
	ROW_AS(three, "std::tuple = (1, 99 'c', true)");
	CHECKPOINT("owners");
}

// Checkpoints of the language ------------------------------------------------------------------------------------

static int global_count = 3;
namespace outer {
namespace inner {
static int depth = 2;
}
inline namespace v2 {
static int revision = 20;
}
} // namespace outer

struct Base {
	int base = 1;
};
struct Left : virtual Base {
	int left = 2;
};
struct Right : virtual Base {
	int right = 3;
};
struct Diamond : Left, Right {
	int own = 4;
};
struct Plain {
	int a = 1;
	char b = 'b';
};
struct Extended : Plain {
	double c = 2.5;
	static const int limit = 99;
	union {
		int whole;
		char parts[4];
	};
};
struct Hidden : private Plain {
	int a = 7;
};

static void show_language(const book::Point<int> &by_reference, book::Point<double> *by_pointer, book::Point<int> &&moved,
			  const int &number)
{
	book::Point<book::Point<char>> nested = {{'a', 'b'}, {'c', 'd'}};
	Diamond diamond;
	Extended extended;
	Hidden hidden;
	extended.whole = 0x41424344;
	book::Flags flags = static_cast<book::Flags>(3), partial = book::Flags::Partial;
	book::Currency both = static_cast<book::Currency>(5);
	int Plain::*member = &Plain::a;
	int value = 10;
	int &alias = value;
	int *pointer = &value;
	void *nowhere = nullptr;
	char32_t letter = U'\u00e9';
	auto lambda = [value, &alias](int factor) { return value * factor + alias; };
	book::Ring<int, 4> ring;
	for (int i = 1; i <= 5; i++)
		ring.add(i * 10);
	book::Ring<int, 4>::Cursor cursor = ring.cursor();
	at("language");
	ROW_AS(by_reference.x, show(by_reference.x));
	ROW_AS(by_reference.x + moved.y, show(by_reference.x + moved.y));
	ROW(*by_pointer);
	ROW(by_pointer->y);
	ROW_AS(by_pointer, show_pointer("book::Point<double> *", by_pointer));
	ROW_AS(number, "(const int &) @" + hex(&number) + ": " + show(number));
	ROW_AS(by_reference, "(const book::Point<int> &) @" + hex(&by_reference) + ": " + show(by_reference));
	ROW_AS(moved, "(book::Point<int> &&) @" + hex(&moved) + ": " + show(moved));
	ROW_AS(alias, "(int &) @" + hex(&alias) + ": 10");
	ROW(alias + 1);
	ROW_AS(&alias, show_pointer("int *", &alias));
	ROW_AS(pointer, show_pointer("int *", pointer));
	ROW(*pointer);
	ROW_AS(nowhere, "(void *) 0x0");
	ROW(nested);
	ROW(nested.y.x);
	ROW(diamond.own);
	ROW(diamond.left);
	ROW(diamond.right);
	ROW(diamond.base);
	ROW_AS(extended, "{<Plain> = {a = 1, b = 98 'b'}, c = 2.5, static limit = 99, {whole = 1094861636, parts = \"DCBA\"}}");
	ROW(extended.a);
	ROW(extended.parts[1]);
	ROW_AS(Extended::limit, "99");
	ROW_AS(hidden, "{<Plain> = {a = 1, b = 98 'b'}, a = 7}");
	ROW(hidden.a);
	ROW_AS(flags, "book::Flags::Hidden | book::Flags::Urgent");
	ROW_AS(partial, "book::Flags::Partial");
	ROW_AS(partial == book::Flags::Partial, "true");
	ROW_AS(both, "book::EUR | book::GBP");
	ROW_AS(book::USD, "book::USD");
	(void)member;
	ROW_AS(letter, "233 U'\xc3\xa9'");
	ROW_AS(lambda.value, "10");
	ROW_AS(ring, "{values_ = {50, 20, 30, 40}, next_ = 5}");
	ROW_AS(ring.values_[2], "30");
	ROW_AS(cursor, "{position = 1, ring = " + hex(cursor.ring) + '}');
	ROW_AS(cursor.ring->next_, "5");
	ROW_AS((bool) value, "true");
	ROW(value == 10 || value == 11);
	ROW(!value);
	ROW_AS(sizeof(book::Order), show(sizeof(book::Order)));
	ROW(global_count);
	ROW(::global_count);
	ROW(outer::inner::depth);
	ROW(outer::revision);
	ROW_AS(book::hidden, show(book::hidden));
	CHECKPOINT("language");
	value = lambda(2); // @lambda-call
}

static void show_book(book::Book &book, const std::vector<std::unique_ptr<book::Instrument>> &instruments)
{
	const book::Order &first = book.bids.begin()->second[0];
	at("book");
	ROW_AS(book.recent, "{values_ = {5, 7, 20, 4}, next_ = 4}");
	ROW_AS(book.recent.next_, "4");
	ROW_AS(book.bids, show_map("std::map", book.bids));
	ROW_AS(book.asks, show_map("std::map", book.asks));
	ROW_AS(book.traded, show_map("std::unordered_map", book.traded));
	ROW_AS(first.price, show(first.price));
	ROW_AS(first.price.cents * first.quantity, show(first.price.cents * first.quantity));
	ROW_AS(first.side, show(first.side));
	ROW_AS(first.side == book::Side::Buy, "true");
	ROW_AS(&first, show_pointer("const book::Order *", &first));
	ROW_AS(*&first, show(first));
	ROW_AS(instruments, show(instruments));
	CHECKPOINT("book");
}

template <typename T> static T show_template(T value, const std::vector<T> &values)
{
	T sum = value;
	for (const T &each : values)
		sum += each; // @template-sum
	at("template");
	ROW(value);
	ROW(values);
	ROW(sum);
	ROW(sizeof(T));
	CHECKPOINT("template");
	return sum;
}

// Steps ----------------------------------------------------------------------------------------------------------

static int factorial(int n)
{
	if (n <= 1) // @factorial
		return 1; // @factorial-end
	int below = factorial(n - 1); // @factorial-call
	return n * below; // @factorial-return
}

static int walk()
{
	book::Order order(9, book::Side::Sell, 10, {100, book::EUR}); // @walk-order
	int taken = order.take(4); // @walk-take
	taken += order.take(20); // @walk-again
	int best = book::largest(taken, 3); // @walk-largest
	double wide = book::largest(1.5, 2.5); // @walk-wide
	std::vector<int> values = {3, 1, 2}; // @walk-vector
	std::sort(values.begin(), values.end()); // @walk-sort
	int lowest = values[0]; // @walk-lowest
	int product = book::Point<int>{best, lowest}.product(); // @walk-product
	return product + factorial(4) + static_cast<int>(wide); // @walk-last
}

// The program ----------------------------------------------------------------------------------------------------

int main()
{
	std::printf("ready\n");
	std::fflush(stdout);
	int first = std::getchar();
	book::Book book;
	std::vector<std::unique_ptr<book::Instrument>> instruments;
	instruments.push_back(std::make_unique<book::Stock>("ACME common stock, first series", 10, 0.25));
	instruments.push_back(std::make_unique<book::Bond>("bond", book::Dated{2031, 11, 30, true}, 0.04));
	book.add({1, book::Side::Buy, 5, {9950, book::EUR}}); // @main-add
	book.add({2, book::Side::Buy, 7, {9900, book::EUR}});
	book.add({3, book::Side::Sell, 20, {10100, book::EUR}});
	book.add({4, book::Side::Buy, 4, {9950, book::EUR}});
	double sum = 0;
	for (const auto &instrument : instruments)
		sum += instrument->value(3); // @main-value
	show_bond(static_cast<const book::Bond &>(*instruments[1]));
	show_strings();
	show_containers();
	show_owners();
	book::Point<double> point = {0.5, -1.25};
	show_language({3, 4}, &point, {5, 6}, 11);
	show_book(book, instruments);
	sum += show_template<int>(1, {2, 3}) + show_template<double>(0.5, {1.25});
	int walked = walk(); // @main-walk
	std::printf("done rounds=%d sum=%d\n", checkpoints, static_cast<int>(sum) + walked + (first == '\n')); // @main-done
	return 0;
}
