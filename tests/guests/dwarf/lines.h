static inline __attribute__((always_inline)) int x_offset(int x)
{
	if (x > 5)
		return x - 5;
	return 5;
}
