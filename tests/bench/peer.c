/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs peer.bpf.o on every CPU and prints what a run of its program costs.
 *
 * usage: peer OBJECT HZ SECONDS; prints "RUNS NANOSECONDS-EACH".
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE,
				       .config = PERF_COUNT_SW_CPU_CLOCK,
				       .size = sizeof(attr),
				       .freq = 1,
				       .exclude_idle = 1};
	struct bpf_prog_info info = {0};
	unsigned len = sizeof(info);
	struct bpf_object *object;
	int program;

	if (argc < 4)
		return 2;
	attr.sample_freq = strtoull(argv[2], NULL, 10);
	object = bpf_object__open(argv[1]);
	if (!object || bpf_object__load(object) || bpf_enable_stats(BPF_STATS_RUN_TIME) < 0)
		return 1;
	program = bpf_program__fd(bpf_object__find_program_by_name(object, "peer"));
	for (int cpu = 0; cpu < sysconf(_SC_NPROCESSORS_ONLN); cpu++) {
		int fd =
			(int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

		if (fd < 0 || ioctl(fd, PERF_EVENT_IOC_SET_BPF, program) < 0)
			return 1;
	}
	sleep((unsigned)atoi(argv[3]));
	bpf_obj_get_info_by_fd(program, &info, &len);
	printf("%llu %llu\n", (unsigned long long)info.run_cnt,
	       (unsigned long long)(info.run_cnt ? info.run_time_ns / info.run_cnt : 0));
	return 0;
}
