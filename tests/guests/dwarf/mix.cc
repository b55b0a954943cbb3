// SPDX-License-Identifier: GPL-3.0-or-later
// A little of everything, for seeds of tests/fuzz/fuzz_dwarf.c: mix-D-OO.wasm of its corpus is made
// by zig c++ -target wasm32-freestanding -nostdlib -Wl,--no-entry -fno-sanitize=undefined
// -fdebug-compilation-dir=/guest -fno-exceptions -fno-rtti -gdwarf-D -OO.
namespace shapes
{
enum class Kind : unsigned char { round, square };
struct Base {
	virtual int area() const;
	int id : 5;
	unsigned flag : 3;
	Kind kind;
};
struct Point {
	short x, y;
};
union Both {
	float f;
	Point p;
};
template <typename T, int N> struct Box : Base {
	T items[N];
	Both both;
	Box *next;
	int area() const override;
	static int made;
};
template <typename T, int N> int Box<T, N>::made;
template <typename T, int N> int Box<T, N>::area() const
{
	int sum = 0;
	for (int i = 0; i < N; i++)
		sum += items[i];
	return sum + id;
}
int Base::area() const
{
	return id;
}
template struct Box<int, 3>;
static inline int twice(int n)
{
	int m = n * 2;
	return m;
}
} // namespace shapes
typedef int (*callback)(const shapes::Base &, long double *, ...);
callback hook;
extern "C" __attribute__((export_name("run"))) int run(int n, shapes::Box<int, 3> *box)
{
	static int calls;
	int total = calls++;
	for (int i = 0; i < n; i++) {
		int square = shapes::twice(i);
		total += square + box->area();
	}
	return total;
}
