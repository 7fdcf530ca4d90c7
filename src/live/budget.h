/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps what sampling costs within a share of the machine, by the rate.
 *
 * Every second the CPU time of our own and of the programs in the kernel is looked at: above the
 * budget the rate is halved, and it is doubled again when that would fit. Samples carry the period
 * they were taken at, so sums do not change with the rate.
 */
#pragma once

#include "collect/recording.h"
#include "profile/account.h"

struct budget {
	double share; /* of all CPUs; 0: no limit */
	uint64_t wanted_hz;
	uint64_t most_hz;  /* that fits; UINT64_MAX: any */
	uint64_t least_hz; /* that was sampled at for the budget's sake; 0: none */
	uint64_t started_ns, looked_ns;
	double started_s, looked_s; /* what it had cost */
	size_t n_cpus;
};

/* To be called when sampling begins. */
void budget_start(struct budget *b, double share, const struct recording *r);
/* The same budget for a new recording, which has just been made. */
void budget_continue(struct budget *b, const struct recording *r);
/* Sets the rate that is wanted, which the budget may lower. */
int budget_set_rate(struct budget *b, struct recording *r, uint64_t frequency_hz, struct err *err);
/* Looks, once a second. */
int budget_look(struct budget *b, struct recording *r, struct err *err);
void budget_account(const struct budget *b, const struct recording *r, struct account *a);
