/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asking bpf/kernel_names.bpf.c, which more than one object has. */
#pragma once

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Has it loaded where the kernel has such programs. */
void kernel_name_choose(struct bpf_program *program);
/* Its descriptor once the object is loaded; -1: it was not. */
int kernel_name_fd(const struct bpf_program *program);
/* The kernel's words for an address; `ask` and `text` are the program's variables. False: it has
 * none, or (fd -1) cannot be asked. */
bool kernel_name_ask(int fd, __u64 *ask, const char *text, uint64_t address, char *buf,
		     size_t size);
