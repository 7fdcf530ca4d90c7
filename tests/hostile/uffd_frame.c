/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process whose frame pointer leads to a return address on a page that never comes: whoever reads
 * it from outside waits for ever (userfaultfd). Prints its pid and spins. */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
	const size_t page = 4096;
	unsigned char *r = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE | PROT_EXEC,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int u = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register missing = {.range = {(uintptr_t)r + page, 2 * page},
					  .mode = UFFDIO_REGISTER_MODE_MISSING};
	static uint64_t stack[512] __attribute__((aligned(16)));
	uint64_t *sp = stack + 256;

	r[0] = 0xf3, r[1] = 0x90, r[2] = 0xeb, r[3] = 0xfc; /* pause; jmp . */
	if (u < 0 || ioctl(u, UFFDIO_API, &api) || ioctl(u, UFFDIO_REGISTER, &missing)) {
		perror("userfaultfd");
		return 77;
	}
	sp[4] = (uintptr_t)(sp + 8);
	sp[5] = (uintptr_t)r + page + 16;
	sp[8] = 0;
	sp[9] = (uintptr_t)r + page + 32;
	printf("%d\n", (int)getpid());
	fflush(stdout);
	__asm__ volatile("mov %0, %%rbp; mov %1, %%rsp; jmp *%2" ::"a"(sp + 4), "c"(sp), "d"(r));
	__builtin_unreachable();
}
