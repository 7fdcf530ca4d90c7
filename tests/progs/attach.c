/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attaches a BPF program that somebody has loaded to its tracepoint, by its name, until it is
 * killed. Of several it is the newest: the kernel frees a program some time after its last user has
 * gone.
 *
 *   attach NAME */
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static long bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

int main(int argc, char **argv)
{
	union bpf_attr next = {0}, open = {0};
	long newest = -1;

	while (argc == 2 && !bpf(BPF_PROG_GET_NEXT_ID, &next)) {
		union bpf_attr get = {.prog_id = next.next_id}, info = {0};
		struct bpf_prog_info program = {0};
		long fd = bpf(BPF_PROG_GET_FD_BY_ID, &get);

		next.start_id = next.next_id;
		info.info.bpf_fd = (__u32)fd;
		info.info.info_len = sizeof(program);
		info.info.info = (__u64)(unsigned long)&program;
		if (fd >= 0 && !bpf(BPF_OBJ_GET_INFO_BY_FD, &info) &&
		    !strncmp(program.name, argv[1], sizeof(program.name) - 1)) {
			if (newest >= 0)
				close((int)newest);
			newest = fd;
		} else if (fd >= 0) {
			close((int)fd);
		}
	}
	if (newest < 0)
		return 2;
	open.raw_tracepoint.prog_fd = (__u32)newest;
	if (bpf(BPF_RAW_TRACEPOINT_OPEN, &open) < 0)
		return 1;
	puts("attached");
	fflush(stdout);
	for (;;)
		pause();
}
