/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cprof serve: any process behind /debug/pprof/. */
#include "base/broker.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/notify.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/target_options.h"
#include "live/service.h"
#include "serve/server.h"

#include <sys/resource.h>
#include <errno.h>
#include <poll.h>
#include <string.h>

enum { DEFAULT_PROFILE_HZ = 997, DEFAULT_HISTORY_HZ = 19, DEFAULT_GROUPS = 200 };

enum { DEFAULT_MIB = 192, LEAST_MIB = 16, MOST_MIB = 1 << 20 };

#define DEFAULT_HISTORY_NS 600000000000ull

struct serve {
	struct target_options target; /* first: the context of the shared options */
	struct server_options server;
	uint64_t history_ns, history_hz, groups, mib;
	bool history_given;
};

static int set_listen(void *ctx, const char *arg, struct err *err)
{
	(void)err;
	((struct serve *)ctx)->server.listen = arg;
	return 0;
}

static int set_token_file(void *ctx, const char *arg, struct err *err)
{
	(void)err;
	((struct serve *)ctx)->server.token_file = arg;
	return 0;
}

static int set_insecure(void *ctx, const char *arg, struct err *err)
{
	(void)arg, (void)err;
	((struct serve *)ctx)->server.insecure = true;
	return 0;
}

/* 0 for what is no unit. */
static uint64_t seconds_of_unit(const char *unit)
{
	if (str_equal(unit, "h"))
		return 3600;
	if (str_equal(unit, "m"))
		return 60;
	return !*unit || str_equal(unit, "s") ? 1 : 0;
}

/* "600", "90s", "10m", "2h". */
static int set_history(void *ctx, const char *arg, struct err *err)
{
	struct serve *s = ctx;
	size_t digits = strspn(arg, "0123456789");
	auto_free char *number = mem_printf("%.*s", (int)MIN(digits, (size_t)12), arg);
	uint64_t value, seconds = seconds_of_unit(arg + digits);

	if (!seconds || !parse_u64(number, 86400, &value) || value * seconds > 86400) {
		err_usage(err, "--history %.40s: not a time", arg);
		return err_cure(err, "as in 10m, 90s or 2h, at most a day; 0 keeps none");
	}
	s->history_ns = value * seconds * 1000000000;
	s->history_given = true;
	return 0;
}

static int set_history_rate(void *ctx, const char *arg, struct err *err)
{
	if (!parse_u64(arg, 1000, &((struct serve *)ctx)->history_hz) ||
	    !((struct serve *)ctx)->history_hz)
		return err_usage(err, "--history-rate %.40s: a number from 1 to 1000", arg);
	return 0;
}

static int set_groups(void *ctx, const char *arg, struct err *err)
{
	if (!parse_u64(arg, 100000, &((struct serve *)ctx)->groups))
		return err_usage(err, "--metrics-cgroups %.40s: a number up to 100000", arg);
	return 0;
}

/* Of the memory, for answers that clients have not read yet. */
enum { UNREAD_PART = 8 };

#define MAX_UNREAD_BYTES (64ull << 20)

static int set_memory(void *ctx, const char *arg, struct err *err)
{
	struct serve *s = ctx;

	if (!parse_u64(arg, MOST_MIB, &s->mib) || s->mib < LEAST_MIB) {
		err_usage(err, "--memory %.40s: not a number of MiB", arg);
		return err_cure(err, "at least %d; %d is the default", LEAST_MIB, DEFAULT_MIB);
	}
	return 0;
}

static int serve_set_java_perfmap(void *ctx, const char *arg, struct err *err)
{
	(void)arg, (void)err;
	((struct serve *)ctx)->target.names.java_perfmap = true;
	return 0;
}

static const struct option_row options[] = {
	{0, "listen", "ADDR:PORT", "where to listen (127.0.0.1:6061)", 0, NULL, set_listen},
	{0, "token-file", "FILE", "ask clients for the token in the file: other addresses need one",
	 COMPLETE_FILE, NULL, set_token_file},
	{0, "insecure", NULL, "listen for others without a token", 0, NULL, set_insecure},
	{0, "history", "TIME", "how far from= can look back (10m); 0 keeps no history", 0, NULL,
	 set_history},
	{0, "history-rate", "HZ", "samples a second and CPU while nobody waits (19)", 0, NULL,
	 set_history_rate},
	{'e', "event", "EVENT[,EVENT]", "what to sample (cpu); the list is below", 0, NULL,
	 target_set_events},
	{'F', "freq", "HZ", "samples a second and CPU while a profile is made (997)", 0, NULL,
	 target_set_frequency},
	BUDGET_OPTION,
	{0, "memory", "MIB", "how large cprof may become, about (192)", 0, NULL, set_memory},
	{0, "metrics-cgroups", "N", "cgroups whose CPU time /metrics tells apart, at most (200)", 0,
	 NULL, set_groups},
	{0, "java-perfmap", NULL, "ask Java machines for their perf maps (attach socket)", 0, NULL,
	 serve_set_java_perfmap},
	{0, "no-kernel", NULL, "leave kernel frames out", 0, NULL, target_set_no_kernel},
	NO_SCALE_OPTION,
	NAME_OPTIONS,
	DEBUGINFOD_OPTION,
};

/* Until a signal asks for the end. */
static int run_server(struct history *history, struct server *server, int signal_fd,
		      struct err *err)
{
	struct pollfd fds[] = {{history->wait_fd(history), POLLIN, 0},
			       {server_wait_fd(server), POLLIN, 0},
			       {signal_fd, POLLIN, 0}};

	while (!interrupt_asked()) {
		struct err problem = {0};
		int wait_ms;

		if (interrupt_reload_asked()) {
			notify("RELOADING=1");
			if (server_reload(server, &problem))
				log_warn("not reloaded: %s", problem.what);
			else
				log_info("reloaded");
			notify("READY=1");
		}
		if (history->take(history, err) < 0)
			return err->code;
		wait_ms = server_run(server, err);
		if (wait_ms < 0)
			return wait_ms;
		fds[0].fd = history->wait_fd(history);
		if (poll(fds, ARRAY_SIZE(fds), wait_ms) < 0 && errno != EINTR)
			return err_set(err, -errno, "cannot wait for requests");
	}
	return 0;
}

static int run_history(const struct serve *s, struct history *history, int signal_fd,
		       struct err *err)
{
	struct server *server;
	int code;

	server = server_new(&s->server, history, err);
	if (!server)
		return EXIT_FAILED;
	log_info("http://%s/ shows this machine; go tool pprof "
		 "http://%s/debug/pprof/pid/PID/profile?seconds=5",
		 server_address(server), server_address(server));
	notify("READY=1");
	code = run_server(history, server, signal_fd, err);
	notify("STOPPING=1");
	server_free(server);
	return code ? EXIT_FAILED : EXIT_DONE;
}

static void serve_say_summary(struct history *history)
{
	struct str line auto_release(str_release) = {0};
	const struct account *a = history->summary(history);

	account_line(a, &line);
	log_summary(line.text, account_json(a));
}

/* On a machine that is too busy clients and samples wait for us as little as may be; as the service
 * has it. */
static void be_preferred(void)
{
	enum { NICE = -5 };

	if (getpriority(PRIO_PROCESS, 0) <= NICE || setpriority(PRIO_PROCESS, 0, NICE))
		return;
	/* The child as well. */
	broker_end();
	broker_start();
}

static int serve_run(void *ctx, int argc, char **argv, struct err *err)
{
	struct serve *s = ctx;
	struct service_options o;
	struct history *history;
	int code, signal_fd = interrupt_init();

	interrupt_init_reload();
	be_preferred();

	if (argc) {
		err_usage(err, "'%.40s': serve takes no operands", argv[0]);
		err_cure(err, "a process is chosen by the client: /debug/pprof/pid/PID/");
		return EXIT_FAILED;
	}
	if (!s->target.rate_given)
		s->target.recording.frequency_hz = DEFAULT_PROFILE_HZ;
	s->target.rate_given = true;
	if (target_finish(&s->target, 0, NULL, err))
		return EXIT_FAILED;
	if (!s->server.listen)
		s->server.listen = "127.0.0.1:6061";
	o = (struct service_options){
		.recording = s->target.recording,
		.names = s->target.names,
		.history_ns = s->history_given ? s->history_ns : DEFAULT_HISTORY_NS,
		.history_hz = s->history_hz ? s->history_hz : DEFAULT_HISTORY_HZ,
		.memory_bytes = (s->mib ? s->mib : DEFAULT_MIB) << 20,
		.most_groups = s->groups ? s->groups : DEFAULT_GROUPS,
	};
	s->server.unread_bytes = MIN(o.memory_bytes / UNREAD_PART, MAX_UNREAD_BYTES);
	history = service_new(&o, err);
	if (!history)
		return EXIT_FAILED;
	if (o.recording.budget_share > 0 && history->status(history)->account.kernel_cost_unknown)
		log_warn("the budget sees user space alone: kernel.bpf_stats_enabled is 0");
	code = run_history(s, history, signal_fd, err);
	if (code == EXIT_DONE)
		serve_say_summary(history);
	history->free(history);
	return code;
}

const struct command command_serve = {
	.name = "serve",
	.summary = "HTTP: /debug/pprof/ for any process, /metrics, a page",
	.operands = "",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.more_help = target_help,
	.samples = true,
	.ctx_bytes = sizeof(struct serve),
	.release = target_release,
	.run = serve_run,
};
