// SPDX-License-Identifier: GPL-3.0-or-later
// What libc++ has beside the containers of source_cxx.cc: queues, bits, functions, values that may
// be anything, time. The table is as there: an expression, a tab, and how it is written.
#include <any>
#include <atomic>
#include <bitset>
#include <chrono>
#include <complex>
#include <cstdio>
#include <deque>
#include <expected>
#include <filesystem>
#if __has_include(<flat_set>)
#include <flat_map>
#include <flat_set>
#define HAS_FLAT // libc++ 21 and newer
#endif
#include <forward_list>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <queue>
#include <set>
#include <span>
#include <stack>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <valarray>
#include <vector>

extern "C" __attribute__((noinline)) void stop(void)
{
	puts("stop");
	fflush(stdout); // outpost writes to the same stream
}

#define ROW(expression, format, ...) printf(expression "\t" format "\n", __VA_ARGS__)

// Optimised code keeps what somebody else may look at.
template <typename T> static void keep(T &value)
{
	asm volatile("" : : "r"(&value) : "memory");
}

static unsigned long at(const void *pointer)
{
	return (unsigned long)pointer;
}

static int twice(int number)
{
	return 2 * number;
}

struct Adder {
	int by;
	int operator()(int number) const
	{
		return number + by;
	}
};

// Too large for the object itself.
struct Large {
	int numbers[20];
	int operator()(int number) const
	{
		return numbers[number % 20];
	}
};

struct Point {
	int x;
	std::string name;
};

__attribute__((noinline)) static size_t sequences()
{
	std::deque<int> deque, none;
	for (int i = 0; i < 2000; i++)
		deque.push_back(i);
	for (int i = 0; i < 1995; i++)
		deque.pop_front(); // @pop
	deque.push_front(-7);
	std::deque<std::string> words = {"one", "two"};
	std::deque<Large> wide(17);
	wide[16].numbers[1] = 5;
	std::queue<int> queue(std::deque<int>{5, 6});
	std::stack<int> stack(std::deque<int>{7});
	std::stack<int, std::vector<int>> rows(std::vector<int>{8, 9});
	std::priority_queue<int> first;
	for (int number : {3, 9, 4})
		first.push(number);
	std::forward_list<int> chain = {1, 2, 3}, nothing;
	std::forward_list<std::string> names = {"a", "b"};
	std::vector<bool> flags(70);
	flags[2] = flags[69] = true;
	std::bitset<5> small(0x15);
	std::bitset<100> large;
	large[3] = large[99] = true;
	std::bitset<0> bitless;
	std::valarray<int> values = {1, 2, 3};
	std::multimap<int, int> many = {{1, 2}, {1, 3}};
	std::multiset<int> fours = {4, 4};
	std::unordered_multimap<int, int> pairs = {{1, 2}};
	std::unordered_multiset<int> fives = {5, 5};
#ifdef HAS_FLAT
	std::flat_map<int, short> flat = {{2, 20}, {1, 10}};
	std::flat_set<int> chosen = {3, 1};
	keep(flat), keep(chosen);
#endif
	auto in_deque = std::next(deque.begin()), in_none = none.begin();
	auto in_names = names.begin();
	auto in_many = std::next(many.begin());
	auto in_fours = fours.cbegin();
	auto in_pairs = pairs.cbegin(), behind_pairs = pairs.cend();
	auto in_fives = fives.begin();
	std::list<short> list = {6, 7};
	auto in_list = std::next(list.cbegin());
	int row[] = {1, 2, 3};
	std::span<int> part(row);
	std::u32string_view letters = U"gr\u00fc\u00df";
	ROW("deque", "std::deque with %zu elements = {%d, %d, %d, %d, %d, %d}", deque.size(), deque[0], deque[1], deque[2],
	    deque[3], deque[4], deque[5]);
	ROW("deque[0]", "%d", deque[0]);
	ROW("deque[5]", "%d", deque[5]);
	ROW("deque[deque[0] + 9]", "%d", deque[2]);
	ROW("none", "std::deque with %zu elements", none.size());
	ROW("words", "std::deque with %zu elements = {\"%s\", \"%s\"}", words.size(), words[0].c_str(), words[1].c_str());
	ROW("words[1]", "\"%s\"", words[1].c_str());
	ROW("wide[16].numbers[1]", "%d", wide[16].numbers[1]);
	ROW("queue", "std::queue wrapping std::deque with %zu elements = {%d, %d}", queue.size(), queue.front(), queue.back());
	ROW("queue.c[1]", "%d", queue.back());
	ROW("stack", "std::stack wrapping std::deque with %zu element = {%d}", stack.size(), stack.top());
	ROW("rows", "std::stack wrapping std::vector of length %zu, capacity 2 = {8, %d}", rows.size(), rows.top());
	ROW("first", "std::priority_queue wrapping std::vector of length %zu, capacity 4 = {%d, 3, 4}", first.size(), first.top());
	ROW("chain", "std::forward_list with 3 elements = {%d, %d, %d}", chain.front(), *std::next(chain.begin()),
	    *std::next(chain.begin(), 2));
	ROW("nothing", "std::forward_list with %d elements", nothing.empty() ? 0 : 1);
	ROW("names", "std::forward_list with 2 elements = {\"%s\", \"%s\"}", names.front().c_str(),
	    std::next(names.begin())->c_str());
	ROW("flags", "std::vector<bool> of length %zu = {false, false, true, false <repeats 66 times>, true}", flags.size());
	ROW("flags[69]", "%s", flags[69] ? "true" : "false");
	ROW("flags[68]", "%s", flags[68] ? "true" : "false");
	ROW("small", "std::bitset of length %zu = {true, false, true, false, true}", small.size());
	ROW("small[4]", "%s", small[4] ? "true" : "false");
	ROW("small[3]", "%s", small[3] ? "true" : "false");
	ROW("large", "std::bitset of length %zu = {false, false, false, true, false <repeats 95 times>, true}", large.size());
	ROW("large[99]", "%s", large[99] ? "true" : "false");
	ROW("bitless", "std::bitset of length %zu", bitless.size());
	ROW("values", "std::valarray of length %zu = {%d, %d, %d}", values.size(), values[0], values[1], values[2]);
	ROW("many", "std::multimap with %zu elements = {[1] = 2, [1] = %d}", many.size(), many.rbegin()->second);
	ROW("fours", "std::multiset with %zu elements = {%d, 4}", fours.size(), *fours.begin());
	ROW("pairs", "std::unordered_multimap with %zu element = {[1] = %d}", pairs.size(), pairs.begin()->second);
	ROW("fives", "std::unordered_multiset with %zu elements = {%d, 5}", fives.size(), *fives.begin());
#ifdef HAS_FLAT
	ROW("flat", "std::flat_map with %zu elements = {[1] = %d, [2] = %d}", flat.size(), flat[1], flat[2]);
	ROW("chosen", "std::flat_set wrapping std::vector of length %zu, capacity 2 = {%d, 3}", chosen.size(), *chosen.begin());
#endif
	ROW("part", "std::span of length %zu = {%d, %d, %d}", part.size(), part[0], part[1], part[2]);
	ROW("*in_deque", "%d", *in_deque);
	ROW("*in_names", "\"%s\"", in_names->c_str());
	ROW("*in_many", "{first = %d, second = %d}", in_many->first, in_many->second);
	ROW("in_many->second", "%d", in_many->second);
	ROW("*in_fours", "%d", *in_fours);
	ROW("in_pairs->second", "%d", in_pairs->second);
	ROW("*in_fives", "%d", *in_fives);
	ROW("*in_list", "%d", *in_list);
	ROW("letters", "%s", "U\"gr\303\274\303\237\"");
	keep(deque), keep(none), keep(words), keep(wide), keep(queue), keep(stack), keep(rows), keep(first), keep(chain);
	keep(nothing), keep(names), keep(flags), keep(small), keep(large), keep(bitless), keep(values), keep(many), keep(fours);
	keep(pairs), keep(fives), keep(part), keep(letters);
	keep(in_deque), keep(in_none), keep(in_names), keep(in_many), keep(in_fours), keep(in_pairs), keep(behind_pairs);
	keep(in_fives), keep(list), keep(in_list);
	stop();
	return deque.size() + words.size();
}

__attribute__((noinline)) static int anything()
{
	int number = 5;
	std::function<int(int)> empty, plain = twice, same = plain, adder = Adder{3}, large = Large{{1, 2}};
	std::function<int(int)> nocapture = [](int more) { return more; };
	std::function<int(int)> lambda = [number](int more) { return number + more; };
	const int line = __LINE__ - 1;
	std::any never, some = 5, text = std::string("there"), point = Point{1, "a name that is not short"};
	std::expected<int, std::string> right = 4, wrong(std::unexpect, "no");
	std::expected<void, int> done, failed(std::unexpect, 28);
	std::atomic<int> counter = 6;
	std::atomic_flag flag;
	flag.test_and_set();
	std::complex<double> complex(1.5, -2);
	std::chrono::milliseconds pause(250);
	std::chrono::hours hours(3);
	std::chrono::duration<double> seconds(1.5);
	std::chrono::duration<int, std::ratio<1, 30>> frames(7);
	std::chrono::system_clock::time_point when(std::chrono::seconds(1700000000));
	std::chrono::system_clock::time_point before(std::chrono::microseconds(-1));
	std::chrono::steady_clock::time_point start(std::chrono::nanoseconds(9));
	std::filesystem::path path = "/usr/lib/libouter.so";
	std::reference_wrapper<int> wrapper(number);
	std::shared_ptr<int> shared = std::make_shared<int>(9);
	std::weak_ptr<int> weak = shared, gone;
	ROW("empty", "std::function %s", empty ? "" : "(empty)");
	ROW("plain", "std::function of %s", "twice(int)");
	ROW("same", "std::function of %s", "twice(int)");
	ROW("adder", "std::function of Adder = {target = {by = %d}}", adder(0));
	ROW("large", "std::function of Large = {target = {numbers = {%d, %d, 0 <repeats 18 times>}}}", large(0), large(1));
	ROW("lambda", "std::function of anything()::$_1 (lambda at %s:%d:35) = {target = {number = %d}}", __FILE__, line,
	    lambda(0));
	ROW("never", "std::any %s", never.has_value() ? "" : "without a value");
	ROW("some", "std::any of int = {%d}", std::any_cast<int>(some));
	ROW("point", "std::any of Point = {{x = %d, name = \"%s\"}}", std::any_cast<Point &>(point).x,
	    std::any_cast<Point &>(point).name.c_str());
	ROW("right", "std::expected = {%d}", *right);
	ROW("wrong", "std::expected (error) = {\"%s\"}", wrong.error().c_str());
	ROW("done", "std::expected%s", done ? "" : " (error)");
	ROW("failed", "std::expected (error) = {%d}", failed.error());
	ROW("counter", "%d", counter.load());
	ROW("flag", "%s", flag.test() ? "true" : "false");
	ROW("complex", "std::complex = {real() = %g, imag() = %g}", complex.real(), complex.imag());
	ROW("pause", "%lldms", (long long)pause.count());
	ROW("hours", "%ldh", (long)hours.count());
	ROW("seconds", "%gs", seconds.count());
	ROW("frames", "%d[1/30]s", frames.count());
	ROW("when", "%lldus since the epoch (2023-11-14T22:13:20Z)", (long long)when.time_since_epoch().count());
	ROW("before", "%lldus since the epoch (1969-12-31T23:59:59Z)", (long long)before.time_since_epoch().count());
	ROW("start", "%lldns since the epoch", (long long)start.time_since_epoch().count());
	ROW("path", "\"%s\"", path.c_str());
	ROW("wrapper", "std::reference_wrapper = {get() = 0x%lx}", at(&wrapper.get()));
	ROW("*wrapper", "%d", wrapper.get());
	ROW("weak", "std::weak_ptr (use count %ld, weak count 1) = {get() = 0x%lx}", weak.use_count(), at(weak.lock().get()));
	ROW("gone", "std::weak_ptr (empty) = {get() = 0x%lx}", at(gone.lock().get()));
	keep(empty), keep(plain), keep(same), keep(adder), keep(large), keep(nocapture), keep(lambda), keep(never), keep(some);
	keep(text), keep(point), keep(right), keep(wrong), keep(done), keep(failed), keep(counter), keep(flag), keep(complex);
	keep(pause), keep(hours), keep(seconds), keep(frames), keep(when), keep(before), keep(start), keep(path), keep(wrapper);
	keep(shared), keep(weak), keep(gone), keep(number);
	stop();
	return plain(1) + nocapture(1) + same(1) + (int)text.has_value();
}

int main()
{
	static char output[1 << 14];
	setvbuf(stdout, output, _IOFBF, sizeof(output));
	size_t result = sequences();
	result += (size_t)anything();
	printf("done\t%zu\n", result);
}
