// SPDX-License-Identifier: GPL-3.0-or-later
// The guest of fuzz_session_cxx's core file: what libc++ has beside the values of session/guest.cc, in a module that holds nothing else.
#include <any>
#include <bitset>
#include <chrono>
#include <complex>
#include <deque>
#include <expected>
#include <forward_list>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <queue>
#include <set>
#include <stack>
#include <string>
#include <unordered_map>
#include <valarray>
#include <vector>

#include "../guest_library.h"

extern "C" {
__attribute__((import_module("wasi_snapshot_preview1"), import_name("fd_read"))) int fd_read(int, void *, int, void *);

// What values need lies in a page that holds nothing else: where the harness edits words. It finds it by its first bytes. Blocks of deques,
// which are as large as a page, lie elsewhere.
alignas(4096) static struct {
	char mark[32];
	char bytes[4064];
} heap;
static char blocks[5 * 4096];
static unsigned used, blocks_used;
static void *take(unsigned long size)
{
	void *place = heap.bytes + used;
	used += (size + 7) & ~7ul;
	if (used > sizeof(heap.bytes))
		__builtin_trap();
	return place;
}
void *malloc(unsigned long size)
{
	if (size <= 512)
		return take(size);
	void *place = blocks + blocks_used;
	blocks_used += (size + 7) & ~7ul;
	if (blocks_used > sizeof(blocks))
		__builtin_trap();
	return place;
}
}

_LIBCPP_BEGIN_NAMESPACE_STD
void __libcpp_verbose_abort(const char *, ...) noexcept { __builtin_trap(); }
unsigned long __next_prime(unsigned long number) { return number | 1; }
_LIBCPP_END_NAMESPACE_STD
template class std::basic_string<char>;

// What the C++ runtime would have: the vtables of std::type_info's own classes, and the type information of int.
extern "C" {
void __cxa_pure_virtual() { __builtin_trap(); }
void *_ZTVN10__cxxabiv119__pointer_type_infoE[3];
void *_ZTVN10__cxxabiv120__function_type_infoE[3];
void *_ZTIi[2];
void *_ZTVN10__cxxabiv117__class_type_infoE[3];
void *_ZTVN10__cxxabiv120__si_class_type_infoE[3];
void *_ZTVN10__cxxabiv121__vmi_class_type_infoE[3];
}

static int twice(int number)
{
	return 2 * number;
}
struct adder {
	int by;
	int operator()(int number) const { return number + by; }
};
struct large {
	int numbers[10];
	int operator()(int number) const { return numbers[number % 10]; }
};
struct point {
	int x, y;
};

struct values {
	std::deque<int> deque;
	std::deque<std::string> words = {"one", "a text that is too long for the object itself"};
	std::queue<short> queue;
	std::stack<int, std::vector<int>> stack;
	std::priority_queue<int> first;
	std::forward_list<int> chain = {1, 2, 3};
	std::forward_list<std::forward_list<char>> chains = {{'a', 'b'}, {}};
	std::vector<bool> flags = std::vector<bool>(70);
	std::bitset<5> small{0x15};
	std::bitset<100> bits;
	std::valarray<int> row = {1, 2, 3};
	std::vector<point> points = {{1, 2}, {3, 4}};
	std::multimap<int, int> many = {{1, 2}, {1, 3}};
	std::set<short> set = {5, 6};
	std::list<int> list = {7, 8};
	std::unordered_multimap<int, char> pairs = {{1, 'x'}, {2, 'y'}};
	std::function<int(int)> empty, plain = twice, adding = adder{3}, far = large{{1, 2}}, lambda;
	std::any never, some = 5, place = large{{3}};
	std::expected<int, point> right = 4, wrong = std::unexpected(point{5, 6});
	std::complex<double> complex = {1.5, -2};
	std::chrono::milliseconds pause{250};
	std::chrono::system_clock::time_point when{std::chrono::seconds(1700000000)};
	std::reference_wrapper<std::bitset<5>> wrapper = small;
	std::string text = "short";
};
static values *ALL;

__attribute__((noinline)) static int wait_here(values &all)
{
	char buffer[16];
	struct {
		void *data;
		unsigned size;
	} vector = {buffer, sizeof(buffer)};
	unsigned done;
	fd_read(0, &vector, 1, &done);
	return all.plain(1) + (int)all.deque.size();
}

extern "C" __attribute__((export_name("_start"))) void start()
{
	memcpy(heap.mark, "the page that values lie in", 28);
	ALL = new (take(sizeof(values))) values;
	values &all = *ALL;
	for (int i = 0; i < 1030; i++)
		all.deque.push_back(i);
	for (int i = 0; i < 1020; i++)
		all.deque.pop_front();
	for (short number : {3, 9, 4}) {
		all.queue.push(number);
		all.stack.push(number);
		all.first.push(number);
	}
	all.flags[69] = all.bits[99] = true;
	int number = 7;
	all.lambda = [number](int more) { return number + more; };
	wait_here(all);
}
