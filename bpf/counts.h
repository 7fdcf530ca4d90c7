/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The third of the funnel's three calls: so many samples, of such a value, are counted under a key.
 */
#pragma once

#include "maps.h"

extern struct counts_map counts_a SEC(".maps");
extern struct counts_map counts_b SEC(".maps");
extern struct ring_map ring SEC(".maps");
extern __u32 counts_index;
extern __u32 counts_used;

static const struct stack_record wake = {.type = RECORD_WAKE};

static __always_inline void wake_user(void)
{
	bpf_ringbuf_output(&ring, (void *)&wake, sizeof(wake), BPF_RB_FORCE_WAKEUP);
}

/* Adds the sample to the count of its key. Returns 0, or a negative errno if there is no room. */
static __always_inline int count_in(struct counts_map *map, const struct sample *sample)
{
	struct count_value *v = bpf_map_lookup_elem(map, &sample->key);
	long err;

	if (!v) {
		err = bpf_map_update_elem(map, &sample->key, &sample->one, BPF_NOEXIST);
		if (!err) {
			if (FETCH_AND_ADD(&counts_used, 1) == MAX_COUNTS / 2)
				wake_user();
			return 0;
		}
		v = bpf_map_lookup_elem(map, &sample->key); /* another CPU was first */
		if (!v)
			return (int)err;
	}
	ADD(&v->samples, sample->one.samples);
	ADD(&v->value, sample->one.value);
	v->last_runtime = sample->one.last_runtime;
	v->exec_id = sample->one.exec_id;
	return 0;
}

/* Counts the sample in the scratch, or says why not. */
static __always_inline void count_add(struct user_scratch *s, struct stats *st, u64 samples,
				      u64 value)
{
	const struct count_key *key = &s->sample.key;
	int err;

	s->sample.one.samples = samples;
	s->sample.one.value = value;
	err = counts_index ? count_in(&counts_b, &s->sample) : count_in(&counts_a, &s->sample);
	if (err)
		st->drops[DROP_COUNTS_FULL] += samples;
	else if (key->user_stack == STACK_LOST || key->kernel_stack == STACK_LOST)
		st->drops[DROP_RING_FULL] += samples;
}
