// SPDX-License-Identifier: GPL-3.0-or-later
// What steps by lines meet beside calls and returns: tail calls and exceptions. The C++ runtime for
// exceptions is not there for WASI: the few functions that catch (...) needs stand at the end.
#include <cstdio>

#define NEVER __attribute__((noinline))

static volatile int sink;

NEVER int tail_end(int n)
{
	sink = n;     // tail_end: first
	return n * 2; // tail_end: last
}

NEVER int tail(int n)
{
	sink = n; // tail: first
	[[clang::musttail]] return tail_end(n); // tail: call
}

NEVER void throws(int n)
{
	sink = n;      // throws: first
	if (n > 2)     // throws: if
		throw n; // throws: throw
	sink = 0;      // throws: last
}

NEVER void between(int n)
{
	throws(n); // between: call
	sink = n;  // between: last
}

NEVER int catches(int n)
{
	int got = 1; // catches: first
	try {
		between(n); // catches: call
		got = 2;    // catches: passed
	} catch (...) { // catches: caught
		got = 3; // catches: handler
	}
	return got; // catches: last
}

int main()
{
	int total = tail(4);  // main: tail
	total += catches(1);  // main: passes
	total += catches(5);  // main: catches
	std::printf("done rounds=1 sum=%d\n", total); // main: printf
	return 0;
}

__asm__(".globl __cpp_exception\n.tagtype __cpp_exception i32\n__cpp_exception:\n");

extern "C" {
alignas(16) static char thrown[64];
void *__cxa_allocate_exception(unsigned long)
{
	return thrown;
}
void __cxa_throw(void *object, void *, void *(*)(void *))
{
	__builtin_wasm_throw(0, object);
}
void *__cxa_begin_catch(void *object)
{
	return object;
}
void __cxa_end_catch()
{
}
struct {
	long index;
	const void *data;
	long selector;
} __wasm_lpad_context;
int _Unwind_CallPersonality(void *)
{
	__wasm_lpad_context.selector = 1;
	return 0;
}
int __gxx_wasm_personality_v0()
{
	return 0;
}
}
