/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fields of a line of perf script's, each as it can be told by itself.
 *
 * Source: perf_sample__fprintf_start() and process_event() of tools/perf/builtin-script.c.
 */
#pragma once

#include "format/perf_words.h"

struct perf_header {
	struct piece command; /* may be empty */
	bool has_ids, has_period;
	int64_t pid, tid;
	int64_t period;     /* 1 where there is none */
	struct piece event; /* without its ':'; empty: none */
	struct piece rest;
};

/* "81.500123:" */
bool perf_is_time(struct piece w);
/* "[001]" */
bool perf_is_cpu(struct piece w);
/* "123", "123/124": `ret` gets them. */
bool perf_is_ids(struct piece w, struct perf_header *ret);
/* "U", "K", "Sp": how the sample was taken (-F +misc). */
bool perf_is_misc(struct piece w);
/* "2026-11-27", "15:42:56.123456" (-F +tod). */
bool perf_is_date(struct piece w);
/* Takes the event at the beginning of `*left`: a word that ends with ':', or a few that do. */
bool perf_take_event(struct piece *left, struct perf_header *ret);
/* An address, and no function "add" or "fade". */
bool perf_is_address(struct piece w);
/* Is a number as wide, with the blanks in front of it, as periods are and ids are not? */
bool perf_is_period(struct piece line, struct piece w);
