// SPDX-License-Identifier: GPL-3.0-or-later
// Types and places of variables for tests/unit/test_types.c and test_location.c.
typedef unsigned int u32;
typedef int (*callback)(const char *, ...);

namespace ns {

enum class Kind : unsigned char { Round = 1, Square };
enum Plain { A, B = 5, C = -1 };

struct Base {
	int id;
	virtual int area() const
	{
		return id;
	}
};

template <typename T, int N> struct Box : Base {
	T content[N];
	static int made;
	u32 first : 3, second : 5;
	union {
		float real;
		volatile u32 bits;
	};
	Box *next;
	const Kind &kind;
	int (Base::*method)() const;
	int Base::*member;
	explicit Box(const Kind &of) : kind(of) {}
};
template <typename T, int N> int Box<T, N>::made = 7;

struct Root {
	int root;
};
struct Left : virtual Root {
	int left;
};
struct Both : Left {
	int both;
};

struct Hidden;

} // namespace ns

extern "C" {
ns::Kind kind = ns::Kind::Square;
ns::Box<double, 3> box(kind);
ns::Both both;
ns::Plain plain;
ns::Hidden *hidden;
callback call;
int (*table[4])(int);
char text[2][8];
const char *const volatile pointer = "x";
long long wide;
long double quad;

__attribute__((import_module("env"), import_name("sink"))) int sink(const void *p, long long q);

__attribute__((export_name("places"))) int places(int a, long long b)
{
	int local = a + 1;
	{
		long long inner = b * local;
		sink(&local, inner);
	}
	return local;
}

__attribute__((export_name("vector"))) int vector(int length)
{
	int items[length];
	return sink(items, length);
}

// What nothing uses the linker would leave out.
__attribute__((export_name("all"))) int all(void)
{
	const volatile void *used[] = {&kind, &box,  &both, &plain,   &hidden, &call,
				       &table, &text, &wide, &quad, &pointer, &box.made};
	return sink((const void *)used, 0);
}
}
