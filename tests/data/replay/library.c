/* SPDX-License-Identifier: GPL-2.0-or-later */
/* alpha.so and gamma.so (-DNAME): a function that calls back. */
int NAME(int (*touch)(int), int n);
int NAME(int (*touch)(int), int n)
{
	return touch(n) + 1;
}
