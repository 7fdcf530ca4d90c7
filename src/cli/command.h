/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A command: its words, its options, and what it does.
 */
#pragma once

#include <stdbool.h>

#include "cli/options.h"

/* Exit codes of the contract. */
enum {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_NOTHING = 3, /* done, but nothing was sampled */
	EXIT_LIMIT = 4,   /* a limit given was passed */
	EXIT_CANNOT_RUN = 126,
	EXIT_NOT_FOUND = 127,
	EXIT_ABORTED = 130,
};

struct command {
	const char *name;
	const char *summary;  /* what it does, in one line */
	const char *operands; /* after the options, in the synopsis */
	const struct option_row *options;
	size_t n_options;
	bool samples;      /* processes: it may raise what base/authority.def lists */
	bool runs_command; /* the operands are a command line: options end before them */
	/* More for --help, below the options; may be NULL. */
	void (*more_help)(struct str *out);
	/* A zeroed context for the options. */
	size_t ctx_bytes;
	/* Frees what the options put into the context; may be NULL. */
	void (*release)(void *ctx);
	/* `argv` are the operands. Returns the exit code; on failure `err` is filled. */
	int (*run)(void *ctx, int argc, char **argv, struct err *err);
};

#define COMMAND(name) extern const struct command command_##name;
#include "cli/commands.def"
#undef COMMAND

/* NULL beyond the last. */
const struct command *command_at(size_t i);
/* Options that every command knows, with their words. */
extern const struct option_row global_options[];
extern const size_t n_global_options;

/* Choices of --color; what a stream gets. */
bool colour_wanted(int fd);
/* Columns of the terminal that a stream is; 0: it is none. */
size_t terminal_width(int fd);
