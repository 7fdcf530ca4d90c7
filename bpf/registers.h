/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The registers of user code, as the kernel keeps them, in DWARF's order. */
#pragma once

#include "kernel.h"

/* Copies a register frame, whatever the names of its fields. */
#define REGISTERS_COPY(to, from, PREFIX)                                                           \
	({                                                                                         \
		(to)[0] = (from)->PREFIX##ax;                                                      \
		(to)[1] = (from)->PREFIX##dx;                                                      \
		(to)[2] = (from)->PREFIX##cx;                                                      \
		(to)[3] = (from)->PREFIX##bx;                                                      \
		(to)[4] = (from)->PREFIX##si;                                                      \
		(to)[5] = (from)->PREFIX##di;                                                      \
		(to)[6] = (from)->PREFIX##bp;                                                      \
		(to)[7] = (from)->PREFIX##sp;                                                      \
		(to)[8] = (from)->r8;                                                              \
		(to)[9] = (from)->r9;                                                              \
		(to)[10] = (from)->r10;                                                            \
		(to)[11] = (from)->r11;                                                            \
		(to)[12] = (from)->r12;                                                            \
		(to)[13] = (from)->r13;                                                            \
		(to)[14] = (from)->r14;                                                            \
		(to)[15] = (from)->r15;                                                            \
		(to)[16] = (from)->PREFIX##ip;                                                     \
	})
