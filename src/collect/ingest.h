/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns what arrives from the kernel into samples of a profile.
 *
 * Stacks and sideband records come by different ways and are put in order of time before a stack
 * is resolved, so that each is resolved with the mappings of its moment.
 * Shape: ingest_record() and ingest_side() queue; ingest_until() works the queue off; counts refer
 *        to stacks that were worked off.
 * Owner: the profile and the images stay the caller's.
 */
#pragma once

#include "collect/identity.h"
#include "collect/columns.h"
#include "collect/journal.h"
#include "collect/kernel.h"
#include "collect/runtimes.h"
#include "collect/side_record.h"
#include "maps/images.h"
#include "profile/profile.h"

struct ingest;

struct ingest_options {
	const struct identity_options *identity;
	bool by_tables; /* the kernel side walks by unwind tables */
	unsigned max_depth;
	const struct columns *columns; /* of each event; filled when the first counts come */
	struct journal *journal;       /* takes the samples in place of the profile; NULL: none */
};

/* `kernel` is NULL where no program of ours walks stacks. */
struct ingest *ingest_new(struct profile *p, struct images *images, struct kernel *kernel,
			  const struct ingest_options *options);
void ingest_free(struct ingest *in);
/* Samples that come in from now on were taken at that rate; 0: at none. */
void ingest_set_rate(struct ingest *in, uint64_t frequency_hz, uint64_t now_ns);

/* A record of the kernel side (enum record_type). Without a kernel side a capture is whole: its
 * stack follows it. */
void ingest_record(void *ingest, const void *record, size_t bytes);
void ingest_side(void *ingest, const struct side_record *record, size_t bytes);
/* Resolves what is queued up to that time. Returns false when not all of it is: a sample has to
 * wait for an unwind table that is being built (ingest_waits()), or it is time to read what has
 * come. */
bool ingest_until(struct ingest *in, uint64_t time_ns);
bool ingest_waits(const struct ingest *in);
/* Readable when a table is there that a sample waits for; -1: there are no tables. */
int ingest_wait_fd(const struct ingest *in);
/* Is something queued, or to be answered? */
bool ingest_is_busy(const struct ingest *in);
/* Samples of these events, one bit each, are worth what their threads have run. */
void ingest_scale(struct ingest *in, struct runtimes *runtimes, uint32_t events);
void ingest_count(void *ingest, const struct count_key *key, const struct count_value *value);
/* To be called when all counts up to the last ingest_until() are in: forgets processes that ended,
 * and, if `seen_cleared`, stacks that will cross again. */
void ingest_settle(struct ingest *in, bool seen_cleared);

/* What stacks are unwound with here; NULL without tables. */
struct publish *ingest_publish(struct ingest *in);

/* Reads the mappings of one process, of all processes, as they are now. */
void ingest_scan(struct ingest *in, pid_t pid);
void ingest_scan_all(struct ingest *in);

/* Adds what is known so far to the profile's account. */
void ingest_account(const struct ingest *in, struct account *a);
/* Samples that the kernel held back for exceeding its limits, up to `now_ns`; `seen_hz` is the rate
 * where none was asked for. */
uint64_t ingest_throttled(const struct ingest *in, uint64_t now_ns, double seen_hz);
