/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which BPF programs are loaded, and with which settings.
 *
 * Owner: the lists are the caller's, and read only while they are loaded.
 */
#pragma once

#include <stddef.h>

#include "abi/config.h"
#include "collect/source.h"

struct kernel_options {
	struct config config;
	const struct source_program *programs; /* at most MAX_SOURCE_PROGRAMS */
	size_t n_programs;
	const struct source_setting *settings;
	size_t n_settings;
	int cgroup_fd; /* with config.by_cgroup: its directory */
};
