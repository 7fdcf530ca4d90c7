/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A recording written down: what the kernel and perf told, in the order in which cprof was told.
 *
 * Shape: a line of text for each record: its kind, then fields NAME=VALUE, numbers in hexadecimal.
 * So it outlives changes of the structures in memory; what they hold, it names.
 *
 *     begin                         a kernel side was loaded (a second one: everything was begun
 * anew) time NS                       all before it had arrived by then
 *     map|exec|fork|exit|lost|throttle|unthrottle|ksymbol ...      perf's records
 *     stack|kernel|piece|capture ...                               the kernel side's
 *     drain / count ... / stats ... the counts, as they were drained
 *     maps PID / pmap ...           what /proc/PID/maps had when it was read
 *
 * Paths of the programs that are stored beside the log begin with "@/".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "abi/records.h"
#include "collect/side_record.h"
#include "proc/pmaps.h"

/* -- writing -- */

void log_side(FILE *f, const struct side_record *r);
/* A record of the kernel side, as kernel_read_stacks() visits it. */
void log_stack(FILE *f, const void *record);
void log_count(FILE *f, const struct count_key *key, const struct count_value *value);
void log_stats(FILE *f, const struct stats *s);
void log_pmap(FILE *f, const struct pmap *m);

/* -- reading: each takes the line of its kind -- */

bool log_is(const char *line, const char *kind);
/* A field; 0 where the line has none. */
uint64_t log_number(const char *line, const char *name);
/* `folder` takes the place of "@". The record is on the heap. */
struct side_record *log_read_side(const char *line, const char *folder, size_t *ret_bytes);
void *log_read_stack(const char *line, size_t *ret_bytes);
void log_read_count(const char *line, struct count_key *key, struct count_value *value);
void log_read_stats(const char *line, struct stats *s);
/* `path` has room for 4096 bytes. */
void log_read_pmap(const char *line, const char *folder, struct pmap *m, char *path);
