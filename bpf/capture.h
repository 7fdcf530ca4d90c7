/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stacks that user space unwinds: the registers and a bounded piece of the stack. */
#pragma once

#include "scratch.h"

/* Sends the stack whole, as s->copy.id. Returns 0, or nonzero when the ring has no room. */
int capture_send(struct user_scratch *s);
