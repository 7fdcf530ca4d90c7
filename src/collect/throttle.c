/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was not sampled because the kernel held events back. */
#include "collect/throttle.h"

#include "base/mem.h"

#include <string.h>

void throttle_release(struct throttle *t)
{
	free(t->since_ns);
	*t = (struct throttle){0};
}

static void throttle_end(struct throttle *t, size_t cpu, uint64_t now_ns)
{
	uint64_t ns = now_ns - MIN(now_ns, t->since_ns[cpu]);

	if (t->rate_hz)
		t->samples += (double)ns / 1e9 * t->rate_hz;
	else
		t->ns += ns;
	t->since_ns[cpu] = 0;
}

void throttle_take(struct throttle *t, const struct side_record *record)
{
	size_t cpu = (size_t)record->cpu, had = t->cap;

	array_reserve(t->since_ns, t->cap, cpu + 1);
	memset(t->since_ns + had, 0, (t->cap - had) * sizeof(*t->since_ns));
	if (record->type == SIDE_THROTTLE)
		t->since_ns[cpu] = record->time_ns;
	else if (t->since_ns[cpu])
		throttle_end(t, cpu, record->time_ns);
}

void throttle_set_rate(struct throttle *t, uint32_t rate_hz, uint64_t now_ns)
{
	/* Events of the old rate are held back no more: they are off. */
	for (size_t cpu = 0; cpu < t->cap; cpu++)
		if (t->since_ns[cpu])
			throttle_end(t, cpu, now_ns);
	t->rate_hz = rate_hz;
}

uint64_t throttle_samples(const struct throttle *t, uint64_t now_ns, double seen_hz)
{
	double rate = t->rate_hz ? t->rate_hz : seen_hz;
	double samples = t->samples + (double)t->ns / 1e9 * seen_hz;

	for (size_t cpu = 0; cpu < t->cap; cpu++)
		if (t->since_ns[cpu] && now_ns > t->since_ns[cpu])
			samples += (double)(now_ns - t->since_ns[cpu]) / 1e9 * rate;
	return (uint64_t)samples;
}
