/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A library to preload: a kernel without BPF. FAIL_BPF=ENOSYS or EPERM is what bpf() then says.
 * FAIL_BPF=arena: a kernel without arenas (before 6.9); FAIL_BPF=old: without callbacks and atomic
 * operations that return something too (before 5.12).
 */
#include <dlfcn.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

enum { MAP_TYPE_ARENA = 33, PSEUDO_FUNC = 4 };

/* Would a kernel without arenas, and (`old`) without callbacks, know what this asks for? */
static int has_it(long command, const union bpf_attr *attr, int old)
{
	const struct bpf_insn *insns;

	if (command == BPF_MAP_CREATE)
		return attr->map_type != MAP_TYPE_ARENA;
	if (command != BPF_PROG_LOAD || !old)
		return 1;
	insns = (const struct bpf_insn *)(unsigned long)attr->insns;
	for (unsigned i = 0; i < attr->insn_cnt; i++) {
		const struct bpf_insn *in = &insns[i];

		if (in->code == (BPF_LD | BPF_DW | BPF_IMM)) {
			if (in->src_reg == PSEUDO_FUNC)
				return 0;
			i++;
		} else if (in->code == (BPF_STX | BPF_DW | BPF_ATOMIC) ||
			   in->code == (BPF_STX | BPF_W | BPF_ATOMIC)) {
			if (in->imm != BPF_ADD)
				return 0;
		}
	}
	return 1;
}

long syscall(long number, ...)
{
	long (*real)(long, ...) = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	const char *fails = getenv("FAIL_BPF");
	long a[6];
	va_list ap;

	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (number == SYS_bpf && fails &&
	    (strcmp(fails, "arena") == 0 || strcmp(fails, "old") == 0)) {
		if (!has_it(a[0], (const union bpf_attr *)a[1], fails[0] == 'o')) {
			errno = EINVAL;
			return -1;
		}
	} else if (number == SYS_bpf && fails) {
		errno = strcmp(fails, "EPERM") == 0 ? EPERM : ENOSYS;
		return -1;
	}
	return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
