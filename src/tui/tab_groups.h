/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tabs of processes and of threads have in common. */
#pragma once

#include "tui/screen.h"

/* `which`: MODEL_PROCESSES or MODEL_THREADS. */
void groups_draw(struct screen *s, struct grid *g, int top, int room, enum tab_id tab, int which,
		 const char *title);
bool groups_act(struct screen *s, enum action a, enum tab_id tab, int which);
