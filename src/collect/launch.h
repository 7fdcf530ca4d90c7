/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A command that is profiled from its first instruction: forked, held, released to exec.
 *
 * Owner: launch_release() reaps it if it has ended; a command still running goes on.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

struct launch {
	pid_t pid; /* 0: none */
	int go_fd, error_fd;
	bool reaped, told_to_end;
	int status; /* of wait(), once reaped */
};

/* Forks; the child waits. A silent one has no terminal: its input and output are /dev/null. */
int launch_fork(struct launch *l, char *const argv[], bool silent, struct err *err);
/* Lets it exec. On failure `err->exit_code` is 126 or 127. */
int launch_go(struct launch *l, struct err *err);
/* Has it ended? Reaps it. */
bool launch_ended(struct launch *l);
/* Waits for one that is known to be on its way out. */
void launch_wait(struct launch *l);
/* Ends one that still runs, as Ctrl-C would, and gives it a moment. */
void launch_tell_to_end(struct launch *l);
/* "exited with 0", "killed by signal 9 (Killed)", "told to end", "still running". */
void launch_describe(const struct launch *l, struct str *out);
/* The exit status as a shell gives it: 128 + signal when it was killed. */
int launch_exit_status(const struct launch *l);
void launch_release(struct launch *l);
