/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What belongs to one recording. */
#include "live/session.h"

#include "analysis/coverage.h"
#include "base/mem.h"

int session_open(struct session *s, const struct recording_options *o,
		 const struct symbolize_options *names, struct err *err)
{
	*s = (struct session){.profile = mem_alloc(sizeof(*s->profile)), .names = *names};
	profile_init(s->profile);
	s->profile->trusted = names->trust;
	s->images = images_new();
	if (names->trust)
		images_trust(s->images);
	s->symbolizer = symbolizer_new(names);
	s->recording = recording_new(o, s->profile, s->images, err);
	return s->recording ? 0 : err->code;
}

void session_release(struct session *s)
{
	recording_free(s->recording);
	images_free(s->images);
	symbolizer_free(s->symbolizer);
	if (s->profile)
		profile_release(s->profile);
	free(s->profile);
	*s = (struct session){0};
}

void session_name(struct session *s)
{
	symbolizer_watch(s->symbolizer, s->images);
	symbolize_frames(s->symbolizer, s->profile, s->images, s->named);
	s->named = (frame_id)s->profile->n_frames;
	session_account(s);
}

void session_account(struct session *s)
{
	struct account *a = &s->profile->account;

	account_release(a);
	recording_account(s->recording, a);
	if (s->budget)
		budget_account(s->budget, s->recording, a);
	if (s->names.no_names)
		return;
	coverage_count(s->profile, a);
	if (s->is_over)
		symbolize_account(s->symbolizer, s->profile, a);
}
