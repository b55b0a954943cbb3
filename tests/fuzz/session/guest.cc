// SPDX-License-Identifier: GPL-3.0-or-later
// The guest of fuzz_session's core files: a value of every kind that outpost shows, in a module that
// holds nothing else: no C library, and of C++'s only what its headers have.
#include <array>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

#include "../guest_library.h"

extern "C" {
__attribute__((import_module("wasi_snapshot_preview1"), import_name("fd_read"))) int fd_read(int, void *, int, void *);
__attribute__((import_module("wasi_snapshot_preview1"), import_name("fd_write"))) int fd_write(int, const void *, int, void *);

static char heap[16384];
static unsigned used;
void *malloc(unsigned long size)
{
	void *place = heap + used;
	used += (size + 15) & ~15ul;
	return place;
}
}

_LIBCPP_BEGIN_NAMESPACE_STD
void __libcpp_verbose_abort(const char *, ...) noexcept { __builtin_trap(); }
_LIBCPP_END_NAMESPACE_STD
template class std::basic_string<char>;

// The vtables of std::type_info's own classes, which the C++ runtime would have: the names of classes lie behind them.
extern "C" {
void *_ZTVN10__cxxabiv117__class_type_infoE[3];
void *_ZTVN10__cxxabiv120__si_class_type_infoE[3];
void *_ZTVN10__cxxabiv121__vmi_class_type_infoE[3];
}

enum kind { ADD, MUL = 7, NUM };
enum class color : unsigned char { red, green };
union any {
	int integer;
	float real;
	char bytes[4];
};
struct base {
	virtual int area() { return 1; }
	int edges = 4;
};
struct node : base {
	kind what;
	const char *name;
	node *next;
	unsigned flag : 3;
	int other : 5;
	double weight;
	any value;
	short grid[2][3];
	int (*run)(int);
	bool done;
	color paint;
	int area() override { return edges; }
};

static int twice(int n) { return n * 2; }
static node pool[4];
static const char *const words[] = {"one", "two\n", "three"};
static const wchar_t wide[] = L"w\u00e9";
static int turns;

namespace shapes
{
template <typename T, int Size> struct box {
	T items[Size];
	static int made;
	T first() { return items[0]; }
};
template <typename T, int Size> int box<T, Size>::made = 3;
}

// What is pointed to is a part of something larger, which only its vtable tells: of a class with one base, with two, with a virtual one.
struct shape {
	virtual int corners() { return 0; }
	int id = 1;
};
struct square : shape {
	int corners() override { return 4; }
	int side = 2;
};
struct tile {
	virtual int place() { return row; }
	int row = 3;
};
struct solid : virtual shape {
	int corners() override { return 8; }
	double volume = 2.5;
};
struct cube : tile, solid {
	int place() override { return row + 1; }
	short edge = 5;
};

__attribute__((noinline)) static int wait_here(node &head, long long depth)
{
	std::vector<int> numbers = {1, 2, 3};
	std::vector<bool> bits = {true, false, true};
	std::string small = "short", large = "a text that is too long for the object itself";
	std::string_view view = large;
	std::map<int, int> tree = {{1, 10}, {2, 20}, {3, 30}};
	std::set<int> set = {5, 6};
	std::list<int> list = {7, 8};
	std::array<short, 3> array = {9, 10, 11};
	std::optional<int> maybe = 12, none;
	std::variant<int, double, char> either = 1.5;
	std::tuple<int, char> pair = {13, 'x'};
	std::unique_ptr<node> owned(&head);
	shapes::box<float, 2> box = {{1.5f, 2.5f}};
	volatile float ratio = 0.5f;
	node copy = head;
	int &alias = copy.edges;
	square flat;
	cube block;
	shape *shown = &flat, *lowest = &block, *shapes[2] = {&flat, &block};
	tile &part = block;
	solid *inner = &block;
	char buffer[16];
	struct {
		void *data;
		unsigned size;
	} vector = {buffer, sizeof(buffer)};
	unsigned done;
	fd_read(0, &vector, 1, &done);
	turns += numbers[0] + tree[2] + (int)small.size() + (int)view.size() + copy.edges + (int)ratio + alias +
		 array[1] + *maybe + none.has_value() + (int)either.index() + std::get<0>(pair) + (int)box.first() +
		 (int)set.size() + shown->corners() + lowest->corners() + shapes[1]->id + part.place() + inner->corners() +
		 list.front() + bits[0] + (int)depth;
	owned.release();
	return turns;
}

static int walk(node *at, int depth)
{
	if (at->next)
		return walk(at->next, depth + 1) + depth;
	return wait_here(*at, depth);
}

extern "C" __attribute__((export_name("_start"))) void start()
{
	for (int i = 0; i < 4; i++) {
		pool[i].what = i % 2 ? MUL : NUM;
		pool[i].name = words[i % 3];
		pool[i].next = i < 3 ? &pool[i + 1] : nullptr;
		pool[i].flag = (unsigned)i & 7;
		pool[i].weight = i / 3.0;
		pool[i].run = twice;
		pool[i].paint = color::green;
	}
	walk(pool, wide[0] == 0);
}
