/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small facts from /proc and /sys: processes, CPUs, users.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * A list of CPU numbers such as "0-3,8".
 * Owner: the caller frees `cpus`. Sorted, no duplicates.
 */
struct cpu_list {
	int *cpus;
	size_t n;
};

enum { MAX_CPUS = 8192 };

void cpu_list_release(struct cpu_list *l);
/* Returns false for anything that is no such list. */
bool cpu_list_parse(const char *text, struct cpu_list *ret);
bool cpu_list_has(const struct cpu_list *l, int cpu);
/* The CPUs that are online now. */
int cpu_list_online(struct cpu_list *ret);
/* Is it now? True when that cannot be read. */
bool cpu_is_online(int cpu);

/* Calls `visit` for each process (thread-group) id in /proc. */
int processes_each(void (*visit)(void *ctx, pid_t pid), void *ctx);
bool process_exists(pid_t pid);
bool thread_exists(pid_t tid);
/* Calls `visit` for each thread of a process. Returns 0 or a negative errno. */
int threads_each(pid_t pid, void (*visit)(void *ctx, pid_t tid), void *ctx);
/* False too where the kernel does not list them (CONFIG_PROC_CHILDREN). */
bool process_has_children(pid_t pid);
/* How long a thread has run, as of its last tick. False: it is gone, or the kernel does not tell.
 */
bool thread_runtime(pid_t tid, uint64_t *ret_ns);
/* The process that a thread belongs to; -1 if it is gone. */
pid_t thread_group(pid_t tid);
/* A thread by whose /proc/TID the process is to be read: its main thread, while that has not ended;
 * the main thread's number if all have. */
pid_t process_live_thread(pid_t pid);
/* Reads memory of a process or thread, by a thread of it that lives, through the broker: the owner
 * of a page may keep it back. Returns the bytes that are there, from the first on; 0: none, it is
 * gone, or they did not come in time. */
size_t process_read(pid_t pid, uint64_t address, void *to, size_t bytes);
/* Whose it is; false: it is gone. */
bool process_user(pid_t pid, uid_t *ret);
/* The process's number in its own, innermost pid namespace; -1 if it is gone. */
pid_t process_inner_pid(pid_t pid);
/* A descriptor (O_PATH) of its root, for paths as it sees them; a negative errno if it is gone. */
int process_root(pid_t pid);
/* Is it in our own mount namespace, as far as can be seen? */
bool process_has_our_mounts(pid_t pid);
/* When it began, seconds since 1970; -1 if it is gone. */
int64_t process_started_s(pid_t pid);
/* False when pids here are not those that the kernel reports to BPF programs and perf. */
bool pid_namespace_is_initial(void);

/* A user's name or number. */
int user_find(const char *name, uid_t *ret_uid, struct err *err);
