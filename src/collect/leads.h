/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a caller of a process can be one: unwind/calls, asked by the process's addresses.
 *
 * Threads: one at a time per `struct images` and `struct calls`.
 */
#pragma once

#include "maps/spaces.h"
#include "unwind/calls.h"

struct leads {
	struct images *images;
	const struct space *space;
	struct calls *calls;
};

/* Code of a process, as its file has it. */
struct file_place {
	const struct elf_file *elf; /* NULL: it lies in no file that can be read */
	uint64_t address;           /* there */
};

struct file_place leads_place(const struct leads *l, uint64_t address);
/* Can a call that ends behind `caller`, which is its last byte, have led to the code at `callee`?
 * What lies in no file cannot be read: that is believed. */
enum lead leads_to(const struct leads *l, struct file_place caller, struct file_place callee);
