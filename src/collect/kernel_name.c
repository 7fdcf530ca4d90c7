/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asking bpf/kernel_names.bpf.c. */
#include "collect/kernel_name.h"

#include "abi/records.h"

#include <bpf/bpf.h>
#include <stdio.h>

void kernel_name_choose(struct bpf_program *program)
{
	bpf_program__set_autoload(program,
				  libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_SYSCALL, NULL) == 1);
}

int kernel_name_fd(const struct bpf_program *program)
{
	return bpf_program__autoload(program) ? bpf_program__fd(program) : -1;
}

bool kernel_name_ask(int fd, __u64 *ask, const char *text, uint64_t address, char *buf, size_t size)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);

	if (fd < 0)
		return false;
	*ask = address;
	if (bpf_prog_test_run_opts(fd, &run) || (int)run.retval <= 0)
		return false;
	snprintf(buf, size, "%.*s", KERNEL_NAME_BYTES - 1, text);
	return true;
}
