/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules of the code that the compiler's start files put into every program and library, about
 * which they say nothing: .init and .fini (crti.o), the functions of crtbegin.o.
 *
 * Shape: only byte sequences that are known whole are believed.
 * Source: glibc's sysdeps/x86_64/crti.S, gcc's libgcc/crtstuff.c as compiled.
 */
#pragma once

#include "elf/elf_file.h"
#include "unwind/rows.h"

void startfiles_compile(const struct elf_file *elf, struct rows *rows);
