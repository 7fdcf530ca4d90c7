/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Threads: their share, and what they run. */
#include "tui/tab_groups.h"

static void tab_threads_draw(struct screen *s, struct grid *g, int top, int room)
{
	groups_draw(s, g, top, room, TAB_threads, MODEL_THREADS, "THREAD");
}

static bool tab_threads_act(struct screen *s, enum action a)
{
	return groups_act(s, a, TAB_threads, MODEL_THREADS);
}

const struct tab tab_threads = {"Threads", tab_threads_draw, tab_threads_act};
