/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The BPF object of a recording: loaded with its settings, read, drained.
 *
 * Owner: kernel_free().
 * Threads: one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/records.h"
#include "abi/stack_root.h"
#include "abi/unwind_table.h"
#include "base/err.h"
#include "collect/kernel_options.h"
#include "collect/refusal.h"
#include "collect/source.h"

struct kernel;

/* NULL: it cannot be loaded, or not be set up. *ret_refusal (or NULL) says whether the kernel
 * refused it, and why. */
struct kernel *kernel_new(const struct kernel_options *o, enum refusal *ret_refusal,
			  struct err *err);
void kernel_free(struct kernel *k);
/* How it was loaded: the name of a way (collect/ways.h). */
const char *kernel_way(const struct kernel *k);

/* One of its programs, by its name. */
int kernel_program_fd(const struct kernel *k, const char *name);
/* Attaches one that was not attached when it was loaded. */
int kernel_attach(struct kernel *k, const char *name, struct err *err);
/* After this it runs no more. */
void kernel_detach(struct kernel *k, const char *name);
/* Readable when a record that should be seen soon is in the ring. */
int kernel_wait_fd(const struct kernel *k);

int kernel_add_target(struct kernel *k, enum target_kind kind, uint32_t id);
/* Removes a target; false when it was gone already. */
bool kernel_remove_target(struct kernel *k, enum target_kind kind, uint32_t id);
uint32_t kernel_targets_alive(const struct kernel *k);

/* Makes stacks of the process that are seen from now on differ from those before. */
void kernel_bump_generation(struct kernel *k, uint32_t tgid);
/* A capture of the process, of so many pages, was worked off: there may be others. */
void kernel_answer_capture(struct kernel *k, uint32_t tgid, uint64_t exec_id, uint32_t pages);

/* Calls `visit` for every stack in the ring. */
void kernel_read_stacks(struct kernel *k, stack_visit *visit, void *ctx);

/* Keys in the map of counts; when it nears MAX_COUNTS, drain. */
uint32_t kernel_counts_used(const struct kernel *k);
/* Flips the count maps and waits until no program writes the old one. `quiet`: nothing samples any
 * more, so there is nobody to wait for. */
void kernel_flip_counts(struct kernel *k, bool quiet);
/* Reads and empties the map flipped away from. */
int kernel_read_counts(struct kernel *k, count_visit *visit, void *ctx);

/* Waits until no program runs that was running. */
void kernel_quiesce(void);

/* Where unwind tables and mappings lie, for both sides; NULL without tables. */
struct kernel_store {
	char *memory;
	size_t bytes;
};
struct kernel_store kernel_store(const struct kernel *k);
/* Publishes the mappings of a process, or (NULL) takes them back. */
int kernel_set_process(struct kernel *k, uint32_t tgid, const struct process_maps *maps);
/* What the kernel side has of a process, which may be its parent's; false: nothing. */
bool kernel_get_process(const struct kernel *k, uint32_t tgid, struct process_maps *ret);
/* What it is to look at of a thread's stack, or (NULL) no more. */
void kernel_set_root(struct kernel *k, uint32_t tid, const struct stack_root *root);
bool kernel_has_root(const struct kernel *k, uint32_t tid);
/* Empties the caches of rules. */
void kernel_forget_rules(struct kernel *k);
/* The time that tables in use are marked with. */
void kernel_set_epoch(struct kernel *k, uint32_t epoch);

/* Sums over the CPUs. */
void kernel_stats(const struct kernel *k, struct stats *ret);
/* Forgets which stacks have crossed, if there was no room for more. Returns whether it has. */
bool kernel_renew_seen(struct kernel *k);
/* The kernel's words for one of its addresses: "name+0xoffset/0xsize [module]". False: it has none,
 * or cannot be asked this way (before 5.14). */
bool kernel_name_address(void *kernel, uint64_t address, char *buf, size_t size);
/* Does the kernel measure how long the programs run? */
bool kernel_is_measured(const struct kernel *k);
/* Nanoseconds that all of the programs have run; 0 when the kernel does not tell. */
uint64_t kernel_run_ns(const struct kernel *k);
/* With -v: what the runs of each program have cost. */
void kernel_log_runs(const struct kernel *k);
