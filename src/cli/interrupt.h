/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ctrl-C and SIGTERM: the first asks to stop, the second aborts at once (exit 130).
 */
#pragma once

#include <stdbool.h>

/* Installs the handlers. Returns a descriptor that becomes readable at the first signal. */
int interrupt_init(void);
bool interrupt_asked(void);

/* SIGHUP asks to reload, and wakes who waits for the descriptor. */
void interrupt_init_reload(void);
/* True once for each time that was asked. */
bool interrupt_reload_asked(void);
