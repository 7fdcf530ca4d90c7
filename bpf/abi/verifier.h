/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What keeps a compiler from making of a check what the kernel's verifier cannot follow. */
#pragma once

/*
 * What was checked is what is used: else clang (16 and later) checks one copy of the value and uses
 * another, of which verifiers up to that of 6.1 know nothing ("math between map_value pointer and
 * register with unbounded min value").
 */
#define KEEP_CLAMP(value) asm volatile("" : "+r"(value))
