/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * perf's rings of who is mapped where, in all processes.
 *
 * Shape: one ring per CPU, of a dummy event that sees every process.
 * Owner: sideband_free() closes them.
 */
#pragma once

#include "base/err.h"
#include "collect/side_record.h"

struct sideband;

struct sideband *sideband_new(void);
void sideband_free(struct sideband *s);
/* Opens the ring of one CPU, which is online. */
int sideband_add_cpu(struct sideband *s, int cpu, struct err *err);
/* Closes the ring of a CPU that went offline: the kernel has let go of it. */
void sideband_remove_cpu(struct sideband *s, int cpu);
/* Sends a sampling event's throttle records to the ring of its CPU. */
void sideband_join(struct sideband *s, int cpu, int event_fd);
/* Adds the rings to an epoll set; those that are in it stay. */
void sideband_poll(const struct sideband *s, int epoll_fd);
/* Calls `visit` for every record that has arrived, CPU by CPU. */
void sideband_read(struct sideband *s, side_visit *visit, void *ctx);
