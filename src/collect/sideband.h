/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * perf's rings of who is mapped where, in all processes: a source.
 *
 * Shape: one ring per CPU, of a dummy event that sees every process.
 */
#pragma once

struct sideband;

/* Sends a sampling event's throttle records to the ring of its CPU. */
void sideband_join(struct sideband *s, int cpu, int event_fd);
