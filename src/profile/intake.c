/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Samples of a file on their way into a profile. */
#include "profile/intake.h"

#include "base/mem.h"
#include "base/thread.h"

#include <string.h>

enum { BATCH_WORDS = 32 << 10, HEADER_WORDS = 2 };

static void swap(struct intake_batch *a, struct intake_batch *b)
{
	struct intake_batch kept = *a;

	*a = *b;
	*b = kept;
}

/* -- making stacks -- */

static stack_id make_stack(struct intake *in, const frame_id *frames, size_t n)
{
	size_t shared = 0;

	if (!n)
		return NO_ID;
	array_reserve(in->path_frames, in->cap_path_frames, n);
	array_reserve(in->path_stacks, in->cap_path_stacks, n);
	while (shared < in->n_path && shared < n &&
	       in->path_frames[shared] == frames[n - 1 - shared])
		shared++;
	stacks_push_all(&in->p->stacks, shared ? in->path_stacks[shared - 1] : NO_ID, frames,
			n - shared, in->path_stacks + shared);
	for (size_t i = shared; i < n; i++)
		in->path_frames[i] = frames[n - 1 - i];
	in->n_path = n;
	return in->path_stacks[n - 1];
}

/* False: there are too many. */
static bool make_samples(struct intake *in, struct intake_batch *batch)
{
	int64_t values[MAX_VALUE_TYPES];
	size_t n_values = in->p->n_types * sizeof(*values) / sizeof(*batch->words);

	for (size_t i = 0; i < batch->n;) {
		const uint32_t *at = batch->words + i;
		const frame_id *frames = at + HEADER_WORDS + n_values;

		if (in->p->stacks.n > INTAKE_MAX_STACKS)
			return false;
		memcpy(values, at + HEADER_WORDS, n_values * sizeof(*at));
		profile_add_sample(in->p, make_stack(in, frames, at[0]), at[1], values);
		i += HEADER_WORDS + n_values + at[0];
	}
	batch->n = 0;
	return true;
}

static void *intake_work(void *ctx)
{
	struct intake *in = ctx;
	struct intake_batch batch = {0};
	bool ok = true;

	pthread_mutex_lock(&in->lock);
	for (;;) {
		while (!in->waiting.n && !in->ended)
			pthread_cond_wait(&in->changed, &in->lock);
		if (!in->waiting.n)
			break;
		swap(&batch, &in->waiting);
		pthread_cond_signal(&in->changed);
		pthread_mutex_unlock(&in->lock);
		ok = ok && make_samples(in, &batch);
		batch.n = 0;
		pthread_mutex_lock(&in->lock);
		in->failed = !ok;
	}
	pthread_mutex_unlock(&in->lock);
	free(batch.words);
	return NULL;
}

/* -- the caller's side -- */

static bool start(struct intake *in)
{
	if (in->started)
		return true;
	pthread_mutex_init(&in->lock, NULL);
	pthread_cond_init(&in->changed, NULL);
	in->started = thread_start(&in->thread, intake_work, in);
	if (!in->started) {
		pthread_cond_destroy(&in->changed);
		pthread_mutex_destroy(&in->lock);
	}
	return in->started;
}

/* Hands what was filled to the thread. False: it has failed. */
static bool send(struct intake *in)
{
	bool ok;

	pthread_mutex_lock(&in->lock);
	while (in->waiting.n)
		pthread_cond_wait(&in->changed, &in->lock);
	swap(&in->filling, &in->waiting);
	ok = !in->failed;
	pthread_cond_signal(&in->changed);
	pthread_mutex_unlock(&in->lock);
	return ok;
}

static bool make_filled(struct intake *in)
{
	in->failed = in->failed || !make_samples(in, &in->filling);
	in->filling.n = 0;
	return !in->failed;
}

bool intake_add(struct intake *in, const frame_id *frames, size_t n, labels_id labels,
		const int64_t *values)
{
	size_t n_values = in->p->n_types * sizeof(*values) / sizeof(*in->filling.words);
	uint32_t *to;

	array_reserve(in->filling.words, in->filling.cap,
		      in->filling.n + HEADER_WORDS + n_values + n);
	to = in->filling.words + in->filling.n;
	to[0] = (uint32_t)n;
	to[1] = labels;
	memcpy(to + HEADER_WORDS, values, n_values * sizeof(*to));
	if (n)
		memcpy(to + HEADER_WORDS + n_values, frames, n * sizeof(*to));
	in->filling.n += HEADER_WORDS + n_values + n;
	if (in->filling.n < BATCH_WORDS)
		return true;
	return start(in) ? send(in) : make_filled(in);
}

bool intake_finish(struct intake *in)
{
	bool ok;

	if (in->started) {
		pthread_mutex_lock(&in->lock);
		in->ended = true;
		pthread_cond_signal(&in->changed);
		pthread_mutex_unlock(&in->lock);
		pthread_join(in->thread, NULL);
		pthread_cond_destroy(&in->changed);
		pthread_mutex_destroy(&in->lock);
	}
	ok = make_filled(in);
	free(in->filling.words);
	free(in->waiting.words);
	free(in->path_frames);
	free(in->path_stacks);
	*in = (struct intake){.p = in->p};
	return ok;
}
