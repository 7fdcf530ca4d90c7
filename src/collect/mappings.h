/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who has mapped what: kept by perf's records, and by /proc where these do not reach; the kernel
 * side is told of what changes in the processes it knows.
 *
 * Shape: records come in order of time, so what is known is that of the last record.
 * Owner: mappings_free(); images, kernel and publish stay the caller's.
 */
#pragma once

#include "abi/records.h"
#include "collect/kernel.h"
#include "collect/publish.h"
#include "collect/side_record.h"
#include "maps/spaces.h"

struct mappings;

/* `kernel` and `publish` may be NULL. */
struct mappings *mappings_new(struct images *images, struct kernel *kernel,
			      struct publish *publish);
void mappings_free(struct mappings *m);
/* Reads those of one process, of all processes, as they are now. */
void mappings_scan(struct mappings *m, pid_t pid);
void mappings_scan_all(struct mappings *m);
void mappings_take(struct mappings *m, const struct side_record *record);
/* What the process of a stack had mapped when the stack was taken. */
struct space *mappings_of(struct mappings *m, const struct stack_record *record);
/* Reads what the process has mapped now, but at most once a second of `now_ns`. Returns whether it
 * did. */
bool mappings_look(struct mappings *m, struct space *space, uint64_t now_ns);
/* Tells the kernel side what is new since the last time. */
void mappings_publish(struct mappings *m);
/* Forgets processes that ended; to be called when all their counts are in. */
void mappings_settle(struct mappings *m);
/* Records that perf had no room for. */
uint64_t mappings_lost(const struct mappings *m);
