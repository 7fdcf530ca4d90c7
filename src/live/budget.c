/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps what sampling costs within a share of the machine. */
#include "live/budget.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "proc/procfs.h"

#define LOOK_NS 1000000000ull

static uint64_t rate(const struct budget *b)
{
	return MIN(b->wanted_hz, b->most_hz);
}

void budget_start(struct budget *b, double share, const struct recording *r)
{
	struct cpu_list cpus = {0};

	cpu_list_online(&cpus);
	*b = (struct budget){
		.share = share,
		.wanted_hz = recording_rate(r),
		.most_hz = UINT64_MAX,
		.started_ns = monotonic_ns(),
		.looked_ns = monotonic_ns(),
		.started_s = recording_cost_s(r),
		.looked_s = recording_cost_s(r),
		.n_cpus = MAX(cpus.n, (size_t)1),
	};
	cpu_list_release(&cpus);
}

void budget_continue(struct budget *b, const struct recording *r)
{
	double spent = b->looked_s - b->started_s;

	b->looked_ns = monotonic_ns();
	b->looked_s = recording_cost_s(r);
	b->started_s = b->looked_s - spent;
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
	if (cost > allowed && rate(b) > 1) {
		b->most_hz = rate(b);
		for (double c = cost; c > allowed && b->most_hz > 1; c /= 2)
			b->most_hz /= 2;
		b->least_hz = b->least_hz ? MIN(b->least_hz, b->most_hz) : b->most_hz;
	} else if (b->most_hz < b->wanted_hz && 2 * cost < 0.9 * allowed &&
		   all_cost < all_allowed) {
		/* What was spent too much at first has been saved by now. */
		b->most_hz *= 2;
	} else {
		return 0;
	}
	log_debug("the last second cost %.3f %% of the machine: sampling at %llu Hz",
		  100 * cost / ((double)elapsed / 1e9 * (double)b->n_cpus),
		  (unsigned long long)rate(b));
	return recording_set_rate(r, rate(b), err);
}

void budget_account(const struct budget *b, const struct recording *r, struct account *a)
{
	if (b->share <= 0)
		return;
	a->budget_percent = 100 * b->share;
	a->budget_cost_cpu_s = recording_cost_s(r) - b->started_s;
	a->least_rate_hz = b->least_hz;
}
