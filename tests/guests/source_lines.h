// SPDX-License-Identifier: GPL-3.0-or-later
static inline int half(int n)
{
	return n / 2;
}
