/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps what sampling costs within a share of the machine. */
#include "live/budget.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "proc/procfs.h"

#define LOOK_NS 1000000000ull

/* 1/64 of the rate, and no less than one sample a second. */
enum { MOST_HALVINGS = 6 };

static uint64_t rate(const struct budget *b)
{
	return MAX(b->wanted_hz >> b->halvings, (uint64_t)1);
}

void budget_start(struct budget *b, double share, const struct recording *r)
{
	struct cpu_list cpus = {0};

	cpu_list_online(&cpus);
	*b = (struct budget){
		.share = share,
		.wanted_hz = recording_rate(r),
		.started_ns = monotonic_ns(),
		.looked_ns = monotonic_ns(),
		.started_s = recording_cost_s(r),
		.looked_s = recording_cost_s(r),
		.n_cpus = MAX(cpus.n, (size_t)1),
	};
	cpu_list_release(&cpus);
}

int budget_set_rate(struct budget *b, struct recording *r, uint64_t frequency_hz, struct err *err)
{
	b->wanted_hz = frequency_hz;
	return recording_set_rate(r, rate(b), err);
}

int budget_look(struct budget *b, struct recording *r, struct err *err)
{
	uint64_t now = monotonic_ns(), elapsed = now - b->looked_ns;
	double allowed, cost, all_allowed, all_cost;

	if (b->share <= 0 || elapsed < LOOK_NS)
		return 0;
	cost = recording_cost_s(r) - b->looked_s;
	allowed = b->share * (double)elapsed / 1e9 * (double)b->n_cpus;
	all_cost = recording_cost_s(r) - b->started_s;
	all_allowed = b->share * (double)(now - b->started_ns) / 1e9 * (double)b->n_cpus;
	b->looked_ns = now;
	b->looked_s += cost;
	if (cost > allowed && b->halvings < MOST_HALVINGS && rate(b) > 1)
		for (double c = cost; c > allowed && b->halvings < MOST_HALVINGS; c /= 2)
			b->halvings++;
	/* What was spent too much at first is saved before the rate goes up again. */
	else if (b->halvings && 2 * cost < 0.9 * allowed && all_cost < all_allowed)
		b->halvings--;
	else
		return 0;
	log_debug("the last second cost %.3f %% of the machine: sampling at %llu Hz",
		  100 * cost / ((double)elapsed / 1e9 * (double)b->n_cpus),
		  (unsigned long long)rate(b));
	b->most_halvings = MAX(b->most_halvings, b->halvings);
	return recording_set_rate(r, rate(b), err);
}

void budget_account(const struct budget *b, const struct recording *r, struct account *a)
{
	if (b->share <= 0)
		return;
	a->budget_share = b->share;
	a->budget_cost_s = recording_cost_s(r) - b->started_s;
	a->least_rate_hz =
		b->most_halvings ? MAX(b->wanted_hz >> b->most_halvings, (uint64_t)1) : 0;
}
