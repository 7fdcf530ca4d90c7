/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes: their share, and what they run. */
#include "tui/tab_groups.h"

static void tab_processes_draw(struct screen *s, struct grid *g, int top, int room)
{
	groups_draw(s, g, top, room, TAB_processes, MODEL_PROCESSES, "PROCESS");
}

static bool tab_processes_act(struct screen *s, enum action a)
{
	return groups_act(s, a, TAB_processes, MODEL_PROCESSES);
}

const struct tab tab_processes = {"Processes", tab_processes_draw, tab_processes_act};
