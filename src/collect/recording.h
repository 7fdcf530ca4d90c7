/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A recording: fills a profile from a running system.
 *
 * Life: recording_new() opens and loads, recording_start() samples, recording_poll() is called
 *       when recording_wait_fd() is readable and at least every POLL_MS, recording_drain() brings
 *       the profile up to date, recording_stop() ends sampling and takes in the rest,
 *       recording_free().
 * Owner: the profile and the images are the caller's and outlive the recording.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "collect/columns.h"
#include "collect/recording_options.h"
#include "collect/snapshot.h"
#include "maps/images.h"
#include "profile/profile.h"

struct recording;

/* Is there what it is to be a recording of? */
int recording_check(const struct recording_options *o, struct err *err);
/* One at a time: the unwind tables have one place in our memory. */
struct recording *recording_new(const struct recording_options *o, struct profile *p,
				struct images *images, struct err *err);
void recording_free(struct recording *r);

/* Starts sampling, then the command. */
int recording_start(struct recording *r, struct err *err);
int recording_wait_fd(const struct recording *r);
/* Takes in what has arrived. Returns 1 when all targets are gone, 0, or an error. */
int recording_poll(struct recording *r, struct err *err);
/* Brings counts into the profile. */
int recording_drain(struct recording *r, struct err *err);
uint64_t recording_rate(const struct recording *r);
/* When the counts were last flipped: CLOCK_MONOTONIC. */
uint64_t recording_drained_ns(const struct recording *r);
/* CPU seconds that it has cost so far: our own and those of its programs in the kernel. */
double recording_cost_s(const struct recording *r);
/* Samples at another rate from now on, one that sampler_check_rate() takes; each sample's value is
 * the period it was taken at. */
int recording_set_rate(struct recording *r, uint64_t frequency_hz, struct err *err);
/* The events, with what `cpu` has come to be. */
const struct event *recording_events(const struct recording *r);
/* Where the samples of an event go. */
const struct columns *recording_columns(const struct recording *r, size_t event);
/* When the first block of the journal began; one is JOURNAL_BLOCK_NS long. */
uint64_t recording_blocks_start_ns(const struct recording *r);
/* What snapshots of threads are unwound with, beside this recording. */
void recording_place(struct recording *r, struct snapshot_place *ret);
/* Ends sampling, takes in the rest, writes time and duration into the profile. */
int recording_stop(struct recording *r, struct err *err);
/* Adds what it knows to an account that is empty. */
void recording_account(const struct recording *r, struct account *a);

/* Ends a command that is still running, as Ctrl-C would. */
void recording_kill_command(struct recording *r);
/* Waits for a command that has ended; its exit status, 0 if there is none or it runs on. */
int recording_command_status(struct recording *r);
/* "process 123 (nginx)", "the whole machine". */
void recording_title(const struct recording *r, char *buf, size_t size);
/* "cpu-clock at 99 Hz (no hardware cycle counter here)". */
void recording_event_text(const struct recording *r, char *buf, size_t size);
