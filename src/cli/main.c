/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cprof program: global options, and the way to a command. */
#include "base/authority.h"
#include "base/broker.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/print.h"
#include "cli/standard_out.h"
#include "tui/curses.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <langinfo.h>
#include <locale.h>
#include <string.h>
#include <sys/ioctl.h>

static const struct command *const commands[] = {
#define COMMAND(name) &command_##name,
#include "cli/commands.def"
#undef COMMAND
};

const struct command *command_at(size_t i)
{
	return i < ARRAY_SIZE(commands) ? commands[i] : NULL;
}

enum colour { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

static struct {
	bool help, version;
	int verbosity;
	bool json;
	enum colour colour;
} global;

static int set_help(void *ctx, const char *arg, struct err *err)
{
	(void)ctx, (void)arg, (void)err;
	global.help = true;
	return 0;
}

static int set_version(void *ctx, const char *arg, struct err *err)
{
	(void)ctx, (void)arg, (void)err;
	global.version = true;
	return 0;
}

static int set_verbose(void *ctx, const char *arg, struct err *err)
{
	(void)ctx, (void)arg, (void)err;
	global.verbosity = 1;
	return 0;
}

static int set_quiet(void *ctx, const char *arg, struct err *err)
{
	(void)ctx, (void)arg, (void)err;
	global.verbosity = -1;
	return 0;
}

static int set_colour(void *ctx, const char *arg, struct err *err)
{
	(void)ctx;
	if (str_equal(arg, "auto"))
		global.colour = COLOUR_AUTO;
	else if (str_equal(arg, "always"))
		global.colour = COLOUR_ALWAYS;
	else if (str_equal(arg, "never"))
		global.colour = COLOUR_NEVER;
	else
		return err_usage(err, "--color %s: auto, always or never", arg);
	return 0;
}

static int set_log_format(void *ctx, const char *arg, struct err *err)
{
	(void)ctx;
	if (!str_equal(arg, "text") && !str_equal(arg, "json"))
		return err_usage(err, "--log-format %s: text or json", arg);
	global.json = str_equal(arg, "json");
	return 0;
}

const struct option_row global_options[] = {
	{0, "help", NULL, "show this help", 0, NULL, set_help},
	{0, "version", NULL, "show the version", 0, NULL, set_version},
	{'v', "verbose", NULL, "say more", 0, NULL, set_verbose},
	{'q', "quiet", NULL, "say only what went wrong", 0, NULL, set_quiet},
	{0, "color", "WHEN", "auto, always or never (NO_COLOR is honoured)", COMPLETE_CHOICES,
	 "auto|always|never", set_colour},
	{0, "log-format", "FORM", "messages as text, or json: one object a line", COMPLETE_CHOICES,
	 "text|json", set_log_format},
};
const size_t n_global_options = ARRAY_SIZE(global_options);

bool colour_wanted(int fd)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (global.colour != COLOUR_AUTO)
		return global.colour == COLOUR_ALWAYS;
	return !(no && *no) && isatty(fd) && term && !str_equal(term, "dumb");
}

size_t terminal_width(int fd)
{
	struct winsize size;

	return isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static void set_up_log(void)
{
	enum log_level level = global.verbosity > 0 ? LOG_DEBUG : LOG_INFO;

	log_setup(global.verbosity < 0 ? LOG_ERROR : level, global.json);
}

/* One clear line with the cure. */
static int fail(const char *command, const struct err *err, int exit_code)
{
	auto_free char *text = NULL, *shown = NULL;
	json_t *fields;

	set_up_log();
	text = mem_printf("%s%s%s", command ? command : "", command ? ": " : "", err->what);
	shown = mem_printf("%s%s%s", text, err->cure[0] ? "\n       " : "", err->cure);
	fields = json_object();
	json_object_set_new(fields, "exit_code", json_integer(exit_code));
	if (err->cure[0])
		json_object_set_new(fields, "cure", json_text(err->cure));
	log_fields(LOG_ERROR, shown, text, fields);
	return exit_code;
}

static int main_print_text(struct str *text)
{
	struct err err = {0};
	int code = standard_out(text, &err);

	str_release(text);
	return code ? EXIT_FAILED : EXIT_DONE;
}

static const struct command *find_command(const char *name, struct err *err)
{
	const char *names[ARRAY_SIZE(commands)], *near;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (str_equal(name, commands[i]->name))
			return commands[i];
		names[i] = commands[i]->name;
	}
	near = nearest_word(name, names, ARRAY_SIZE(names));
	err_usage(err, "unknown command '%.40s'", name);
	if (near)
		err_cure(err, "did you mean '%s'? 'cprof --help' lists the commands", near);
	else
		err_cure(err, "'cprof --help' lists the commands");
	return NULL;
}

/* What is asked for without running anything: help, version, generated text. -1: nothing. */
static int main_answer(const struct command *command)
{
	struct str out = {0};

	if (global.version)
		str_printf(&out, "cprof %s\n", CPROF_VERSION);
	else if (global.help)
		command ? print_command_help(command, &out) : print_help(&out);
	else
		return -1;
	return main_print_text(&out);
}

static int parse_and_run(const struct command *command, void *ctx, int argc, char **argv)
{
	const struct option_table tables[] = {{command->options, command->n_options, ctx},
					      {global_options, n_global_options, NULL}};
	struct err err = {0};
	int code, first = options_parse(tables, 2, argc, argv, command->runs_command, &err);

	if (first < 0)
		return fail(command->name, &err, err.exit_code ? err.exit_code : EXIT_FAILED);
	code = main_answer(command);
	if (code >= 0)
		return code;
	set_up_log();
	if (!command->samples)
		authority_renounce();
	/* While there is one thread and little memory; what fails now is tried again. */
	broker_start();
	code = command->run(ctx, argc - first, argv + first, &err);
	if (err.what[0])
		return fail(command->name, &err, err.exit_code ? err.exit_code : EXIT_FAILED);
	return code;
}

static int run_command(const struct command *command, int argc, char **argv)
{
	auto_free void *ctx = mem_alloc(command->ctx_bytes);
	int code = parse_and_run(command, ctx, argc, argv);

	if (command->release)
		command->release(ctx);
	broker_end();
	return code;
}

/* There is no more memory: not even to say so by the usual ways. */
static void end_exhausted(void)
{
	char cure[512], stamp[LOG_STAMP];

	limits_cure(-ENOMEM, cure, sizeof(cure));
	curses_close();
	if (log_is_json())
		dprintf(STDERR_FILENO,
			"{\"time\":\"%s\",\"level\":\"error\",\"msg\":\"out of "
			"memory\",\"exit_code\":%d,"
			"\"cure\":\"%s\"}\n",
			log_stamp(stamp), EXIT_FAILED, cure);
	else
		dprintf(STDERR_FILENO, "cprof: out of memory%s%s\n", *cure ? "\n       " : "",
			cure);
	_exit(EXIT_FAILED);
}

int main(int argc, char **argv)
{
	const struct option_table table = {global_options, n_global_options, NULL};
	const struct command *command;
	struct err err = {0};
	struct str out = {0};
	int first, code;

	if (!authority_begin())
		return EXIT_FAILED;
	mem_on_exhausted(end_exhausted);
	/* A file that may not grow is an error of the write, told in words. */
	signal(SIGXFSZ, SIG_IGN);
	/* Names are UTF-8, whatever the terminal was told to be. */
	if (!setlocale(LC_CTYPE, "") || !str_equal(nl_langinfo(CODESET), "UTF-8"))
		setlocale(LC_CTYPE, "C.UTF-8");
	/* For tests and packaging: what is generated from the tables. */
	if (argc == 3 && str_equal(argv[1], "--print"))
		return print_generated(argv[2], &out) ? main_print_text(&out) : EXIT_USAGE;
	first = options_parse(&table, 1, argc, argv, true, &err);
	if (first < 0)
		return fail(NULL, &err, EXIT_USAGE);
	if (first < argc && str_equal(argv[first], "help")) {
		global.help = true;
		first++;
	}
	if (first == argc) {
		code = main_answer(NULL);
		if (code >= 0)
			return code;
		err_usage(&err, "no command given");
		err_cure(&err,
			 "'cprof --help' lists the commands; 'cprof top' shows what runs now");
		return fail(NULL, &err, EXIT_USAGE);
	}
	command = find_command(argv[first], &err);
	if (!command)
		return fail(NULL, &err, EXIT_USAGE);
	return run_command(command, argc - first, argv + first);
}
