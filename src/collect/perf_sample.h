/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Samples that perf itself takes: with registers and a piece of stack, for unwinding here.
 *
 * For what needs no BPF: a thread that runs at this moment (collect/snapshot.h), and use without
 * privileges.
 * Shape: a ring a descriptor; a sample becomes a capture_record with its stack behind it, as
 *        captures_join() makes them, and the frames of the kernel's stack.
 * Source: perf_event_open(2).
 */
#pragma once

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "abi/records.h"

/* What perf_sample_attr() asks for, and so the fields that perf_sample_parse() reads. */
struct perf_sample {
	uint32_t pid, tid, cpu;
	uint64_t time_ns, period;
	uint64_t id; /* of the event, as PERF_EVENT_IOC_ID tells it */
	bool in_kernel;
	const uint64_t *kernel; /* frames, leaf first */
	uint32_t n_kernel;
	struct capture_record
		*capture; /* heap, with its stack behind it; NULL: no user registers */
	size_t capture_bytes;
};

/* Completes attributes whose event and rate are set: samples with `stack_bytes` of stack. */
void perf_sample_attr(struct perf_event_attr *attr, uint32_t stack_bytes, bool with_kernel);

/*
 * Reads a sample, record header and all, of `size` bytes. `frames` has room for MAX_KERNEL_FRAMES.
 * Returns false when it is damaged; else `ret->capture` is the caller's to free.
 */
bool perf_sample_parse(const void *record, size_t size, uint64_t *frames, struct perf_sample *ret);

/* Is the program counter behind a system call instruction, as far as the process's memory says? */
bool is_after_syscall(pid_t pid, uint64_t pc);
