/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The few kernel structures that the BPF side reads, trimmed by hand to the fields that are read.
 *
 * Shape: the order and the offsets here mean nothing: every access is relocated by name (CO-RE)
 *        against the running kernel, so the build needs no BTF and no vmlinux.h.
 * Source: include/linux/sched.h, include/linux/mm_types.h, arch/x86/include/asm/ptrace.h.
 */
#pragma once

#ifdef BPF_ON_HOST /* the same code on the desk, in tests/bpf/ */
#include "bpf/host.h"
#else

#include <linux/bpf.h>
#include <linux/bpf_perf_event.h>
#include <stdbool.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define __maybe_unused __attribute__((unused))

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s64 s64;

#define TASK_COMM_LEN    16
#define PF_KTHREAD       0x00200000
#define MAX_KERNEL_STACK (64 << 10) /* 16 KiB, with KASAN up to four times that */

/*
 * All integers are unsigned: libbpf then loads a field of whatever width the running kernel gives
 * it.
 */
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* Counts the changes of an address space. An int up to 6.12, then a seqcount_t. */
struct mm_struct___int {
	unsigned int mm_lock_seq;
};

typedef struct seqcount {
	unsigned int sequence;
} seqcount_t;

struct mm_struct___seqcount {
	seqcount_t mm_lock_seq;
};

struct mm_struct {
	unsigned long exec_vm;     /* pages mapped executable: changes when code comes or goes */
	unsigned long start_stack; /* where the first thread's stack began */
};

typedef struct {
	unsigned int counter;
} atomic_t;

struct sched_entity {
	u64 sum_exec_runtime, prev_sum_exec_runtime; /* now, and when it last came to run */
};

struct sched_info {
	u64 last_arrival; /* when it last came to run, on the clock of run queues */
};

struct signal_struct {
	atomic_t live; /* threads of the group that have not begun to exit */
};

struct kernfs_node {
	u64 id;
};

struct cgroup {
	u32 level; /* below the root */
	struct kernfs_node *kn;
	struct cgroup *ancestors[0]; /* from the root on, itself included; 6.1 and later */
};

struct cgroup___ids {
	u64 ancestor_ids[0]; /* the same, before */
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

typedef struct {
	u32 val;
} kuid_t;

struct cred {
	kuid_t uid;
};

/* Exists always: of a type that does not, libbpf looks through all modules, for which cprof has no
 * right. */
struct rq {
	u64 prev_irq_time; /* only with CONFIG_IRQ_TIME_ACCOUNTING */
};

struct thread_struct {
	unsigned long fsbase; /* the thread pointer */
};

struct task_struct {
	unsigned int pid;
	unsigned int tgid;
	unsigned int flags;
	u32 self_exec_id;
	u64 start_boottime; /* ns */
	void *stack;
	struct task_struct *group_leader;
	struct mm_struct *mm;
	struct signal_struct *signal;
	struct css_set *cgroups;
	struct cred *cred;
	unsigned int __state;
	unsigned int exit_state;
	unsigned int on_cpu;         /* an int; a byte from 7.2 on */
	unsigned long nvcsw, nivcsw; /* context switches */
	struct sched_entity se;
	struct sched_info sched_info;
	char comm[TASK_COMM_LEN];
	struct thread_struct thread;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

/* The kernel's own register frame (the UAPI struct pt_regs names the fields differently). */
struct pt_regs___kernel {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di;
	unsigned long orig_ax; /* -1: an interrupt or exception, else a system call */
	unsigned long ip;
	unsigned long cs;
	unsigned long sp;
};

#pragma clang attribute pop

/* The same as it lies in memory, all of it: what is read at once, is read as it is. */
struct register_frame {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di;
	unsigned long orig_ax, ip, cs, flags, sp, ss;
};

/* Distance from the bottom of a kernel stack to its end on x86-64, where the register frame lies;
 * used only where the kernel has no bpf_task_pt_regs (before 5.15). */
#define KERNEL_STACK_BYTES 16384
#define USER_SPACE_END     0x800000000000ull
#define USER32_CS          0x23
#define MAX_CGROUP_DEPTH   32
#define SYSCALL_CLONE      56
#define SYSCALL_EXECVE     59
#define SYSCALL_CLONE3     435
#define SYSCALL_EXECVEAT   322

#define HAS_HELPER(name) bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_##name)

/* An atomic addition that returns nothing. Relaxed, which clang 22 too compiles to the instruction
 * that kernels before 5.12 know. */
#define ADD(at, add)     ((void)__atomic_fetch_add(at, add, __ATOMIC_RELAXED))

/*
 * Calls `step` up to `n` times, until it returns 1. Callbacks (5.13) and atomic operations that
 * return what was there (5.12) are instructions that older kernels refuse even where they cannot be
 * reached: for them everything is compiled once more.
 */
#ifdef CPROF_OLD
#define LOOP(n, step, ctx)     ((void)(ctx), false)
#define FETCH_AND_ADD(at, add) (ADD(at, add), *(volatile typeof(at))(at) - (add))
#else
#define LOOP(n, step, ctx)     (HAS_HELPER(loop) ? (bpf_loop(n, step, ctx, 0), true) : false)
#define FETCH_AND_ADD(at, add) __sync_fetch_and_add(at, add)
#endif

#endif
