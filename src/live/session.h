/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What belongs to one recording: its profile, its images, and what names them.
 *
 * Owner: session_release(), also of one that could not be opened.
 */
#pragma once

#include "collect/recording.h"
#include "live/budget.h"
#include "symbolize/symbolize.h"

struct session {
	struct profile *profile;
	struct images *images;
	struct recording *recording;
	struct budget *budget; /* the owner's; NULL: there is none */
	bool is_over; /* it has stopped: then its account says what named the frames, too */
	struct symbolizer *symbolizer;
	struct symbolize_options names;
	frame_id named; /* frames below have been asked for */
};

int session_open(struct session *s, const struct recording_options *o,
		 const struct symbolize_options *names, struct err *err);
void session_release(struct session *s);
/* Names what is new and brings the account up to date. */
void session_name(struct session *s);
/* Puts the profile's account together: the one place that wipes it. */
void session_account(struct session *s);
