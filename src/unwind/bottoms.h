/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the stack of a fiber ends: code that is returned to, and that no call leads to.
 *
 * Shape: its return address is that of its first instruction, so the rule holds from the byte
 *        before on.
 * Source: glibc's sysdeps/unix/sysv/linux/x86_64/__start_context.S.
 */
#pragma once

#include "elf/elf_file.h"
#include "unwind/rows.h"

/* Adds the first function of makecontext()'s contexts in a library that has that, by its bytes:
 * stripped libraries do not name it. */
void bottoms_compile(const struct elf_file *elf, struct rows *rows);
