# SPDX-License-Identifier: GPL-3.0-or-later
# What MicroPython runs as a guest: a recursion that lasts a while, a wait for input, and a short recursion.
import sys


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


print("ready")
print("worked", fib(int(sys.argv[1])))
sys.stdin.readline()
print("done rounds=1 sum=%d" % fib(16))
