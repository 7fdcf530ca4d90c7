/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A source of what a recording takes in: samples, or the records that samples need.
 *
 * Shape: one file, and one row of sources.def. A function that a source has no use for is NULL. A
 *        source whose BPF programs count in the kernel's maps names them; they are loaded,
 *        attached, read and paid for together, by the first row (collect/programs.c).
 * Units: times are CLOCK_MONOTONIC.
 * Owner: `make` gives the state that all other functions get first; `free` takes it back. What the
 *        environment points to outlives it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "abi/config.h"
#include "abi/records.h"
#include "base/err.h"
#include "collect/events.h"
#include "collect/side_record.h"
#include "profile/account.h"
#include "proc/procfs.h"

struct image;
struct kernel;
struct sideband;

/* What the sources of a recording are made with. */
struct source_env {
	struct event *events; /* `cpu` is changed to the clock where there is no PMU */
	size_t n_events;
	uint64_t frequency_hz; /* 0: every `period` */
	uint64_t period;
	bool idle; /* the idle task too */
	bool no_kernel;
	bool by_task;                      /* of chosen tasks alone, and what they start */
	bool by_tables;                    /* user stacks are walked by unwind tables */
	const struct cpu_list *cpus;       /* to sample on; empty: all */
	const struct cpu_list *online;     /* as of now */
	uint64_t block_ns, block_start_ns; /* as in struct identity_options */
	struct image *kernel_image;        /* of the kernel's own code */
	struct kernel *kernel;             /* NULL: no program is loaded */
	struct sideband *sideband;         /* left by its row for those behind it */
};

/* Any record but a wake-up; its first word is its type, and it is as long as that type says. */
typedef void stack_visit(void *ctx, const void *record, size_t bytes);
typedef void count_visit(void *ctx, const struct count_key *key, const struct count_value *value);

struct source_visit {
	stack_visit *stack;
	side_visit *side;
	void *ctx;
};

/* A BPF program of a source, by its name in the object. */
struct source_program {
	const char *name;
	const char *failure; /* what cannot be done without it; NULL: it is attached to events */
	bool at_load;        /* attached as soon as it is loaded; else by kernel_attach() */
};

/* What a program is to know, by the name of its `const volatile __u32`: the number of an event. */
struct source_setting {
	const char *name;
	uint32_t value;
};

enum {
	MAX_PROGRAMS_OF_ONE = 8,
	MAX_SOURCE_PROGRAMS = 64, /* of all */
	MAX_SOURCE_SETTINGS = MAX_SOURCE_PROGRAMS,
};

struct source_type {
	/* Writes its programs, at most MAX_PROGRAMS_OF_ONE; returns how many. */
	size_t (*programs)(const struct source_env *env, struct source_program *ret);
	/* The same of their settings. */
	size_t (*settings)(const struct source_env *env, struct source_setting *ret);
	void *(*make)(struct source_env *env);
	void (*free)(void *source);

	/* One that has ended meanwhile is no error. */
	int (*add_task)(void *source, enum target_kind kind, pid_t id, struct err *err);
	/* A CPU is there, or came online; it went. An error of a CPU that is gone is none. */
	int (*add_cpu)(void *source, int cpu, struct err *err);
	void (*remove_cpu)(void *source, int cpu);
	/* Adds what becomes readable to an epoll set; what is in it stays. 0 or a negative errno.
	 */
	int (*poll)(const void *source, int epoll_fd);

	int (*start)(void *source, struct err *err);
	/* After this it samples no more, until it is started again. */
	void (*stop)(void *source);
	/* Samples at another rate; on an error at the one before. It can be stopped and started. */
	int (*set_rate)(void *source, uint64_t frequency_hz, struct err *err);
	/* Is anything of the tasks that were added, or came of them, still alive? */
	bool (*is_alive)(const void *source);

	/* Visits what has arrived: stacks first, so that a mapping that one needs comes with it. */
	void (*read)(void *source, const struct source_visit *visit);
	/* Counts that wait to be read. */
	size_t (*counts_used)(const void *source);
	/* What was counted until now is to be read; all its stacks have arrived. `ended`: nothing
	 * samples any more. Returns whether stacks that crossed before will cross again. */
	bool (*flip)(void *source, bool ended);
	/* Visits and forgets what was counted before the flip, at `until_ns`. */
	int (*read_counts)(void *source, uint64_t until_ns, count_visit *visit, void *ctx);

	/* Nanoseconds of CPU that it has cost in the kernel. */
	uint64_t (*cost_ns)(const void *source);
	/* Adds what it lost and how it sampled; `ended`: what the sums do not explain, too. */
	void (*account)(const void *source, bool ended, struct account *a);
	/* What belongs behind the event's name and rate: ", by perf". */
	const char *(*manner)(const void *source);
};
