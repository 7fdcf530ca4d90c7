// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's own walk by frame pointers, and nothing else: what a frame costs there. */
#include <linux/bpf.h>
#include <linux/bpf_perf_event.h>

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64[127]);
} frames SEC(".maps");

SEC("perf_event") int peer(struct bpf_perf_event_data *ctx)
{
	__u32 zero = 0;
	void *buffer = bpf_map_lookup_elem(&frames, &zero);

	if (buffer)
		bpf_get_stack(ctx, buffer, 127 * 8, BPF_F_USER_STACK);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
