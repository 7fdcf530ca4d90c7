/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything that is printed from the command and option tables. */
#include "cli/print.h"

#include "base/mem.h"

#include <string.h>

void print_help(struct str *out)
{
	const struct option_table global = {global_options, n_global_options, NULL};

	str_puts(out, "cprof: where the time goes, for any Linux process or the whole machine\n\n"
		      "Usage: cprof [GLOBAL] COMMAND [OPTIONS] [ARGS]\n\nCommands:\n");
	for (size_t i = 0; command_at(i); i++)
		str_printf(out, "  %-10s %s\n", command_at(i)->name, command_at(i)->summary);
	str_puts(out, "\nGlobal options, before or after the command:\n");
	options_help(&global, out);
	str_puts(out,
		 "\nExamples:\n"
		 "  cprof top                            what runs now\n"
		 "  cprof record -p 123 -d 10            ten seconds of a process, to cprof.pb.gz\n"
		 "  cprof record -- make                 a command and its children\n"
		 "  cprof report                         where its time went\n"
		 "  cprof export -o flame.svg            the same as a flame graph\n"
		 "\n'cprof COMMAND --help' says more of a command.\n");
}

void print_command_help(const struct command *c, struct str *out)
{
	const struct option_table own = {c->options, c->n_options, NULL};
	const struct option_table global = {global_options, n_global_options, NULL};

	str_printf(out, "cprof %s: %s\n\nUsage: cprof %s [OPTIONS]%s%s\n\nOptions:\n", c->name,
		   c->summary, c->name, *c->operands ? " " : "", c->operands);
	options_help(&own, out);
	str_puts(out, "\nGlobal options:\n");
	options_help(&global, out);
	if (c->more_help)
		c->more_help(out);
}

/* Calls `each` for the options of a command, then for the global ones. */
static void each_option(const struct command *c,
			void (*each)(const struct command *c, const struct option_row *o,
				     struct str *out),
			struct str *out)
{
	for (size_t i = 0; c && i < c->n_options; i++)
		each(c, &c->options[i], out);
	for (size_t i = 0; i < n_global_options; i++)
		each(c, &global_options[i], out);
}

/* -- bash -- */

static void bash_word(const struct command *c, const struct option_row *o, struct str *out)
{
	(void)c;
	if (o->letter)
		str_printf(out, "-%c ", o->letter);
	str_printf(out, "--%s ", o->name);
}

/* Is there a word behind it? One that may be left out is part of the same word. */
static bool takes_word(const struct option_row *o)
{
	return o->arg && *o->arg != '[';
}

static void bash_argument(const struct command *c, const struct option_row *o, struct str *out)
{
	(void)c;
	if (!takes_word(o))
		return;
	str_puts(out, "\t\t");
	if (o->letter)
		str_printf(out, "-%c | ", o->letter);
	str_printf(out, "--%s) ", o->name);
	if (o->complete == COMPLETE_FILE) {
		str_puts(out, "mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")");
	} else if (o->complete == COMPLETE_PID) {
		str_puts(out,
			 "mapfile -t COMPREPLY < <(compgen -W \"$(cd /proc && echo [0-9]*)\" -- "
			 "\"$cur\")");
	} else if (o->complete == COMPLETE_CHOICES) {
		auto_free char *words = mem_strdup(o->choices);

		for (char *p = words; *p; p++)
			*p = *p == '|' ? ' ' : *p;
		str_printf(out, "mapfile -t COMPREPLY < <(compgen -W \"%s\" -- \"$cur\")", words);
	} else {
		str_puts(out, "COMPREPLY=()");
	}
	str_puts(out, " && return ;;\n");
}

static void print_bash(struct str *out)
{
	str_puts(out, "# SPDX-License-Identifier: GPL-2.0-or-later\n"
		      "# bash completion of cprof, printed by: cprof --print bash\n"
		      "# shellcheck shell=bash\n"
		      "_cprof() {\n"
		      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
		      "\tlocal command word\n"
		      "\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
		      "\t\tcase $word in\n\t\t");
	for (size_t i = 0; command_at(i); i++)
		str_printf(out, "%s%s", i ? " | " : "", command_at(i)->name);
	str_puts(out, ") command=$word && break ;;\n\t\tesac\n\tdone\n");
	str_puts(out, "\tlocal words\n\tcase $command in\n");
	for (size_t i = 0; command_at(i); i++) {
		const struct command *c = command_at(i);

		str_printf(out, "\t%s)\n\t\tcase $prev in\n", c->name);
		each_option(c, bash_argument, out);
		str_puts(out, "\t\tesac\n\t\twords=\"");
		each_option(c, bash_word, out);
		str_puts(out, "\"\n\t\t;;\n");
	}
	str_puts(out, "\t*)\n\t\twords=\"");
	for (size_t i = 0; command_at(i); i++)
		str_printf(out, "%s ", command_at(i)->name);
	each_option(NULL, bash_word, out);
	str_puts(out, "\"\n\t\t;;\n\tesac\n"
		      "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
		      "\tif [[ -n $command && $cur != -* ]]; then\n"
		      "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
		      "\tfi\n"
		      "}\n"
		      "complete -o filenames -F _cprof cprof\n");
}

/* -- zsh -- */

static void put_quoted(struct str *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			str_puts(out, "'\\''");
		else if (strchr("[]:", *text))
			str_printf(out, "\\%c", *text);
		else
			str_putc(out, *text);
	}
}

static void zsh_spec(const struct command *c, const struct option_row *o, struct str *out)
{
	(void)c;
	for (int form = 0; form < 2; form++) {
		if (form == 0 && !o->letter)
			continue;
		str_puts(out, "\t\t\t'");
		if (form == 0)
			str_printf(out, "-%c[", o->letter);
		else
			str_printf(out, "--%s[", o->name);
		put_quoted(out, o->help);
		str_putc(out, ']');
		if (takes_word(o)) {
			str_putc(out, ':');
			put_quoted(out, o->arg);
			str_putc(out, ':');
			if (o->complete == COMPLETE_FILE)
				str_puts(out, "_files");
			else if (o->complete == COMPLETE_PID)
				str_puts(out, "_pids");
			else if (o->complete == COMPLETE_CHOICES) {
				auto_free char *words = mem_strdup(o->choices);

				for (char *p = words; *p; p++)
					*p = *p == '|' ? ' ' : *p;
				str_printf(out, "(%s)", words);
			}
		}
		str_puts(out, "' \\\n");
	}
}

static void print_zsh(struct str *out)
{
	str_puts(out, "#compdef cprof\n"
		      "# SPDX-License-Identifier: GPL-2.0-or-later\n"
		      "# zsh completion of cprof, printed by: cprof --print zsh\n"
		      "_cprof() {\n"
		      "\tlocal -a commands=(\n");
	for (size_t i = 0; command_at(i); i++) {
		str_printf(out, "\t\t'%s:", command_at(i)->name);
		put_quoted(out, command_at(i)->summary);
		str_puts(out, "'\n");
	}
	str_puts(out, "\t)\n\tif (( CURRENT == 2 )); then\n\t\t_describe command commands\n"
		      "\t\treturn\n\tfi\n\tcase ${words[2]} in\n");
	for (size_t i = 0; command_at(i); i++) {
		str_printf(out, "\t%s)\n\t\t(( CURRENT-- )) && shift words\n\t\t_arguments \\\n",
			   command_at(i)->name);
		each_option(command_at(i), zsh_spec, out);
		str_puts(out, "\t\t\t'*:file:_files'\n\t\t;;\n");
	}
	str_puts(out, "\tesac\n}\n_cprof \"$@\"\n");
}

/* -- fish -- */

static void fish_line(const struct command *c, const struct option_row *o, struct str *out)
{
	str_puts(out, "complete -c cprof");
	if (c)
		str_printf(out, " -n '__fish_seen_subcommand_from %s'", c->name);
	if (o->letter)
		str_printf(out, " -s %c", o->letter);
	str_printf(out, " -l %s", o->name);
	if (takes_word(o) && o->complete == COMPLETE_FILE)
		str_puts(out, " -r");
	else if (takes_word(o) && o->complete == COMPLETE_PID)
		str_puts(out, " -x -a '(__fish_complete_pids)'");
	else if (takes_word(o) && o->complete == COMPLETE_CHOICES) {
		auto_free char *words = mem_strdup(o->choices);

		for (char *p = words; *p; p++)
			*p = *p == '|' ? ' ' : *p;
		str_printf(out, " -x -a '%s'", words);
	} else if (takes_word(o)) {
		str_puts(out, " -x");
	}
	str_puts(out, " -d '");
	for (const char *p = o->help; *p; p++) {
		if (*p == '\'')
			str_putc(out, '\\');
		str_putc(out, *p);
	}
	str_puts(out, "'\n");
}

static void print_fish(struct str *out)
{
	str_puts(out, "# SPDX-License-Identifier: GPL-2.0-or-later\n"
		      "# fish completion of cprof, printed by: cprof --print fish\n");
	for (size_t i = 0; command_at(i); i++)
		str_printf(out, "complete -c cprof -f -n __fish_use_subcommand -a %s -d '%s'\n",
			   command_at(i)->name, command_at(i)->summary);
	each_option(NULL, fish_line, out);
	for (size_t i = 0; command_at(i); i++)
		for (size_t k = 0; k < command_at(i)->n_options; k++)
			fish_line(command_at(i), &command_at(i)->options[k], out);
}

/* -- scdoc -- */

/* Underscores and stars are markup there. */
static void put_scdoc(struct str *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("_*\\", *text))
			str_putc(out, '\\');
		str_putc(out, *text);
	}
}

static void man_option(const struct command *c, const struct option_row *o, struct str *out)
{
	(void)c;
	if (o->letter)
		str_printf(out, "*-%c*, ", o->letter);
	str_printf(out, "*--%s*", o->name);
	if (o->arg) {
		str_puts(out, takes_word(o) ? " _" : "");
		put_scdoc(out, o->arg);
		str_puts(out, takes_word(o) ? "_" : "");
	}
	str_puts(out, "\n\t");
	put_scdoc(out, o->help);
	str_puts(out, "\n\n");
}

static void print_man(const struct command *c, struct str *out)
{
	str_printf(out, "# SYNOPSIS\n\n*cprof %s* [_OPTIONS_]", c->name);
	if (*c->operands) {
		str_putc(out, ' ');
		put_scdoc(out, c->operands);
	}
	str_puts(out, "\n\n# OPTIONS\n\n");
	each_option(c, man_option, out);
}

bool print_generated(const char *what, struct str *out)
{
	if (str_equal(what, "bash"))
		print_bash(out);
	else if (str_equal(what, "zsh"))
		print_zsh(out);
	else if (str_equal(what, "fish"))
		print_fish(out);
	for (size_t i = 0; str_starts(what, "man:") && command_at(i); i++)
		if (str_equal(what + 4, command_at(i)->name))
			print_man(command_at(i), out);
	return out->len;
}
