/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs generated code at a known address for ever. Prints its pid. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
	static const unsigned char spin[] = {0x55, 0x48, 0x89, 0xe5, 0xb9, 0x00, 0x00, 0x00,
					     0x10, 0xff, 0xc9, 0x75, 0xfc, 0x5d, 0xc3};
	unsigned char *code = mmap((void *)0x10000000, 1 << 20, PROT_READ | PROT_WRITE | PROT_EXEC,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	if (code == MAP_FAILED)
		return 1;
	memcpy(code, spin, sizeof(spin));
	printf("%d\n", (int)getpid());
	fflush(stdout);
	for (;;)
		((void (*)(void))code)();
}
