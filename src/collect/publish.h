/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells the kernel side who is mapped where and which unwind table goes with it.
 *
 * A process is published when a sample of it was captured, and so are the tables of what it has
 * mapped, as far as they are there; others follow when they are built.
 * Owner: publish_free(); kernel and spaces stay the caller's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "collect/kernel.h"
#include "maps/spaces.h"
#include "unwind/tables.h"

struct publish;

/* `kernel` is NULL where nothing walks in the kernel: then there are tables, and nobody to tell. */
struct publish *publish_new(struct kernel *kernel);
void publish_free(struct publish *p);

struct tables *publish_tables(struct publish *p);
const struct store *publish_store(const struct publish *p);

/* Publishes the process as it is now, for samples of the program that started at `start_ns` and is
 * the `exec_id`-th it runs. */
void publish_space(struct publish *p, const struct space *space, uint64_t start_ns,
		   uint64_t exec_id);
/* A child was forked of a process: what the kernel side gave it of its parent's is kept up to date
 * from now on. To be called in order of time. */
void publish_fork(struct publish *p, pid_t parent, pid_t child);
/* A process that has the mappings of that number (the lower half of it); 0: none has. */
pid_t publish_who_has(const struct publish *p, uint32_t serial);
/* A capture of the process, made because of an unknown address, has led to no code there either. */
void publish_note_futile(struct publish *p, pid_t pid);
/* Publishes the process's mappings anew if it was published and they have changed. */
void publish_renew(struct publish *p, const struct space *space);
/* Takes back what was published of a process. */
void publish_forget(struct publish *p, pid_t pid);
/* To be called when the kernel side was quiet since the last call: what was taken back before that
 * one is free. */
void publish_settle(struct publish *p);
