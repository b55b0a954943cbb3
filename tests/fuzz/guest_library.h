// SPDX-License-Identifier: GPL-3.0-or-later
// What libc++'s headers want of a C library and of C++'s runtime, for guests that have neither: malloc() is the guest's own.
#include <new>

extern "C" {
void *malloc(unsigned long size);
void free(void *) {}
void abort() { __builtin_trap(); }
void *memcpy(void *to, const void *from, unsigned long size)
{
	for (unsigned long i = 0; i < size; i++)
		((volatile char *)to)[i] = ((const char *)from)[i];
	return to;
}
void *memmove(void *to, const void *from, unsigned long size) { return memcpy(to, from, size); }
void *memset(void *to, int byte, unsigned long size)
{
	for (unsigned long i = 0; i < size; i++)
		((volatile char *)to)[i] = (char)byte;
	return to;
}
unsigned long strlen(const char *text)
{
	unsigned long size = 0;
	while (((volatile const char *)text)[size])
		size++;
	return size;
}
int memcmp(const void *a, const void *b, unsigned long size)
{
	for (unsigned long i = 0; i < size; i++)
		if (((volatile const char *)a)[i] != ((volatile const char *)b)[i])
			return ((const char *)a)[i] - ((const char *)b)[i];
	return 0;
}
}
void *operator new(unsigned long size) { return malloc(size); }
void *operator new(unsigned long size, std::align_val_t) { return malloc(size); }
void operator delete(void *) noexcept {}
void operator delete(void *, unsigned long, std::align_val_t) noexcept {}
void operator delete(void *, unsigned long) noexcept {}
