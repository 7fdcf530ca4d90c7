/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process of a user without privileges that runs code of a file whose file system that user
 * serves (FUSE): pages beyond the first, and with "open" the file itself, are not answered for a
 * minute. Prints its pid and that of its server. Run as root, which only mounts, as fusermount
 * does.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NOBODY = 65534, FILE_BYTES = 65536, PAGE = 4096, LATE_S = 60 };

static int hang_open;

static struct fuse_attr attributes(uint64_t node)
{
	return (struct fuse_attr){.ino = node,
				  .mode = node == 1 ? S_IFDIR | 0755 : S_IFREG | 0755,
				  .nlink = 1,
				  .uid = NOBODY,
				  .gid = NOBODY,
				  .size = node == 1 ? 0 : FILE_BYTES,
				  .blksize = PAGE};
}

/* Answers much later, and meanwhile goes on serving. */
static void answer_late(int fd, uint64_t unique)
{
	struct fuse_out_header out = {.len = sizeof(out), .error = -EIO, .unique = unique};

	if (fork())
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sleep(LATE_S);
	if (write(fd, &out, sizeof(out)) < 0)
		_exit(1);
	_exit(0);
}

static void serve(int fd)
{
	static char in[1 << 20], out[8192];
	int opened = 0;

	for (;;) {
		struct fuse_in_header *h = (void *)in;
		struct fuse_out_header *o = (void *)out;
		void *arg = out + sizeof(*o);
		ssize_t n = read(fd, in, sizeof(in));
		size_t len = sizeof(*o);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(0);
		memset(out, 0, sizeof(out));
		o->unique = h->unique;
		switch (h->opcode) {
		case FUSE_INIT:
			*(struct fuse_init_out *)arg = (struct fuse_init_out){
				.major = 7, .minor = 31, .max_write = PAGE, .max_readahead = PAGE};
			len += sizeof(struct fuse_init_out);
			break;
		case FUSE_GETATTR:
			*(struct fuse_attr_out *)arg = (struct fuse_attr_out){
				.attr_valid = 1, .attr = attributes(h->nodeid)};
			len += sizeof(struct fuse_attr_out);
			break;
		case FUSE_LOOKUP:
			*(struct fuse_entry_out *)arg =
				(struct fuse_entry_out){.nodeid = 2,
							.attr_valid = 1,
							.entry_valid = 1,
							.attr = attributes(2)};
			len += sizeof(struct fuse_entry_out);
			break;
		case FUSE_OPEN:
			if (hang_open && opened++) {
				answer_late(fd, h->unique);
				continue;
			}
			len += sizeof(struct fuse_open_out);
			break;
		case FUSE_OPENDIR:
			len += sizeof(struct fuse_open_out);
			break;
		case FUSE_READ:
			if (((struct fuse_read_in *)(in + sizeof(*h)))->offset >= PAGE) {
				answer_late(fd, h->unique);
				continue;
			}
			memcpy(arg, "\xf3\x90\xeb\xfc", 4); /* pause; jmp . */
			len += PAGE;
			break;
		case FUSE_FORGET:
			continue;
		case FUSE_RELEASE:
		case FUSE_FLUSH:
			break;
		default:
			o->error = -ENOSYS;
		}
		o->len = (uint32_t)len;
		if (write(fd, out, len) < 0 && errno != ENOENT)
			_exit(1);
	}
}

int main(int argc, char **argv)
{
	char folder[] = "/tmp/fuse.XXXXXX", options[100], path[100];
	static uint64_t stack[512];
	uint64_t *sp = stack + 256;
	int fd = open("/dev/fuse", O_RDWR), file;
	unsigned char *code;
	pid_t server;

	hang_open = argc > 1 && strcmp(argv[1], "open") == 0;
	if (fd < 0 || !mkdtemp(folder) || chown(folder, NOBODY, NOBODY)) {
		perror("fuse");
		return 77;
	}
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=%d,group_id=%d", fd,
		 NOBODY, NOBODY);
	/* In a namespace of its own: nothing is left behind. */
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("x", folder, "fuse", MS_NOSUID | MS_NODEV, options)) {
		perror("mount");
		return 77;
	}
	if (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY))
		return 1;
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	server = fork();
	if (!server) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(fd);
	}
	close(fd);
	snprintf(path, sizeof(path), "%s/f", folder);
	file = open(path, O_RDONLY);
	code = file < 0 ? MAP_FAILED
			: mmap(NULL, FILE_BYTES, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0);
	if (code == MAP_FAILED) {
		perror("map");
		return 1;
	}
	madvise(code, FILE_BYTES, MADV_RANDOM);
	sp[4] = (uintptr_t)(sp + 8);
	sp[5] = (uintptr_t)code + 0x8010;
	sp[8] = 0;
	sp[9] = (uintptr_t)code + 0x8020;
	printf("%d %d\n", (int)getpid(), (int)server);
	fflush(stdout);
	__asm__ volatile("mov %0, %%rbp; mov %1, %%rsp; jmp *%2" ::"a"(sp + 4), "c"(sp), "d"(code));
	__builtin_unreachable();
}
