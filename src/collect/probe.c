/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asking the kernel for a little. */
#include "collect/probe.h"

#include "base/authority.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <unistd.h>

int probe_map(enum bpf_map_type type, uint32_t key_bytes, uint32_t value_bytes, uint32_t entries,
	      uint32_t flags)
{
	with_authority(BPF);
	LIBBPF_OPTS(bpf_map_create_opts, o, .map_flags = flags);
	int fd = bpf_map_create(type, "cprof_try", key_bytes, value_bytes, entries, &o);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

bool probe_helper(enum bpf_func_id helper)
{
	with_authority(BPF);
	return libbpf_probe_bpf_helper(BPF_PROG_TYPE_PERF_EVENT, helper, NULL) == 1;
}
