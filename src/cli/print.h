/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything that is printed from the command and option tables: help, completions, the manual's
 * synopsis and options.
 */
#pragma once

#include <stdbool.h>

#include "cli/command.h"

void print_help(struct str *out);
void print_command_help(const struct command *c, struct str *out);
/* bash, zsh, fish, or man:COMMAND (the tables' part of its page, in scdoc). False: none of these.
 */
bool print_generated(const char *what, struct str *out);
