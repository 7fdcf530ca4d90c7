/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs generated code, and writes lines to its perf map as fast as it can, over and over 256 MiB.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char path[64];

static void on_term(int signal)
{
	(void)signal;
	unlink(path);
	_exit(0);
}

static void *write_lines(void *ctx)
{
	enum { BYTES = 1 << 20, MOST = 256 << 20 };
	char *lines = malloc(BYTES);
	int fd = open(path, O_CREAT | O_RDWR | O_TRUNC, 0644);
	off_t at = 0;

	for (int i = 0; i < BYTES; i += 2)
		memcpy(lines + i, "x\n", 2);
	while (fd >= 0 && pwrite(fd, lines, BYTES, at) == BYTES) {
		at += BYTES;
		if (at >= MOST && ftruncate(fd, 0) == 0)
			at = 0;
	}
	return ctx;
}

int main(void)
{
	unsigned char *code = mmap((void *)0x10000000, 1 << 20, PROT_READ | PROT_WRITE | PROT_EXEC,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	pthread_t thread;

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)getpid());
	signal(SIGTERM, on_term);
	if (code == MAP_FAILED)
		return 1;
	memcpy(code, "\xf3\x90\xeb\xfc", 4); /* pause; jmp . */
	printf("%d\n", (int)getpid());
	fflush(stdout);
	pthread_create(&thread, NULL, write_lines, NULL);
	((void (*)(void))code)();
}
