/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server over a history without a profiler: what it answers, to whom, and that it ends cleanly.
 */
#include "unit/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/log.h"
#include "serve/server.h"
#include "serve_history.h"

static struct server *begin(const struct server_options *o)
{
	struct err err = {0};
	struct server *s = server_new(o, &test_history, &err);

	if (!s)
		fail_msg("%s", err.what);
	return s;
}

static int connect_to(struct server *s)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	to.sin_port = htons((uint16_t)atoi(strrchr(server_address(s), ':') + 1));
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

/* Sends a request and takes in the whole answer, running the server meanwhile. */
static char *ask(struct server *s, const char *request)
{
	static char answer[1 << 20];
	size_t n = 0;
	int fd = connect_to(s);
	struct err err = {0};
	uint64_t end = monotonic_ns() + 20000000000ull;

	assert_true(write(fd, request, strlen(request)) > 0);
	while (monotonic_ns() < end) {
		ssize_t got;

		assert_true(server_run(s, &err) >= 0);
		got = recv(fd, answer + n, sizeof(answer) - 1 - n, MSG_DONTWAIT);
		if (got == 0)
			break;
		n += got > 0 ? (size_t)got : 0;
	}
	close(fd);
	answer[n] = '\0';
	return answer;
}

static char *get(struct server *s, const char *path, const char *headers)
{
	char request[4096];

	snprintf(request, sizeof(request),
		 "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s\r\n", path,
		 headers);
	return ask(s, request);
}

static void expect_status(struct server *s, const char *path, int want)
{
	char *answer = get(s, path, "");

	if (atoi(answer + 9) != want)
		fail_msg("%s: %.60s, not %d", path, answer, want);
}

static const struct server_options plain = {.listen = "127.0.0.1:0"};

static void answers_as_go_does(void **state)
{
	struct server *s = begin(&plain);
	char path[128];

	(void)state;
	expect_status(s, "/debug/pprof/", 200);
	expect_status(s, "/debug/pprof", 301);
	expect_status(s, "/debug/pprof/profile?seconds=1", 200);
	expect_status(s, "/debug/pprof/profile?from=-60s&to=-30s", 200);
	expect_status(s, "/debug/pprof/profile?from=-60x", 400);
	expect_status(s, "/debug/pprof/profile?from=-1&to=-2", 400);
	expect_status(s, "/debug/pprof/profile?seconds=4000", 400);
	expect_status(s, "/debug/pprof/block", 404);
	/* A state is that of this moment; its flow takes the seconds that are asked for. */
	assert_non_null(strstr(get(s, "/debug/pprof/heap?format=json", ""), "inuse_space"));
	assert_non_null(
		strstr(get(s, "/debug/pprof/heap?format=json&seconds=1", ""), "alloc_space"));
	assert_non_null(
		strstr(get(s, "/debug/pprof/allocs?format=json&from=-5s", ""), "alloc_space"));
	expect_status(s, "/debug/pprof/pid/2147483647/profile", 404);
	expect_status(s, "/debug/pprof/pid/x/profile", 404);
	snprintf(path, sizeof(path), "/debug/pprof/pid/%d/", getpid());
	expect_status(s, path, 200);
	snprintf(path, sizeof(path), "/debug/pprof/pid/%d/cmdline", getpid());
	expect_status(s, path, 200);
	assert_non_null(strstr(get(s, "/debug/pprof/goroutine?debug=1", ""),
			       "goroutine profile: total 1\n1 @"));
	assert_non_null(strstr(get(s, "/debug/pprof/goroutine?debug=2", ""), "goroutine 0 ["));
	assert_non_null(strstr(get(s, "/debug/pprof/threadcreate?debug=1", ""),
			       "threadcreate profile: total 1"));
	expect_status(s, "/api/threads?pid=13", 404);
	assert_non_null(strstr(get(s, "/debug/pprof/symbol?0x10+0x11", ""),
			       "num_symbols: 1\n0x10 parse\n"));
	assert_non_null(strstr(get(s, "/debug/pprof/nothing", ""), "X-Go-Pprof: 1"));
	server_free(s);
}

static void formats_and_pages(void **state)
{
	struct server *s = begin(&plain);

	(void)state;
	assert_non_null(
		strstr(get(s, "/debug/pprof/profile?from=-5s&format=folded", ""), ";main;parse;"));
	assert_non_null(strstr(get(s, "/debug/pprof/profile?from=-5s&format=svg", ""), "<svg"));
	assert_non_null(strstr(get(s, "/view?from=-5s&pid=12", ""), "id=\"flame\""));
	assert_null(strstr(get(s, "/view?from=-5s", ""), "<b>\"x\"</b>"));
	expect_status(s, "/debug/pprof/profile?from=-5s&format=perf_script", 400);
	expect_status(s, "/view?pid=x", 400);
	expect_status(s, "/", 200);
	expect_status(s, "/api/", 200);
	expect_status(s, "/api/status", 200);
	expect_status(s, "/api/processes", 200);
	server_free(s);
}

static void metrics_are_escaped(void **state)
{
	struct server *s = begin(&plain);
	char *answer = get(s, "/metrics", "");

	(void)state;
	assert_non_null(strstr(answer, "reason=\"a \\\"reason\\\"\"} 2"));
	assert_non_null(strstr(answer, "cgroup=\"/a\\\"b\\\\c"));
	server_free(s);
}

static void others_need_a_token(void **state)
{
	struct server_options o = {.listen = "0.0.0.0:0"};
	struct err err = {0};
	char path[] = "/tmp/cprof-token-XXXXXX";
	int fd = mkstemp(path);
	struct server *s;

	(void)state;
	assert_null(server_new(&o, &test_history, &err));
	assert_int_equal(err.exit_code, 2);
	assert_true(write(fd, "sesame\n", 7) == 7);
	o.token_file = path;
	s = begin(&o);
	expect_status(s, "/metrics", 401);
	assert_true(atoi(get(s, "/metrics", "Authorization: Bearer sesame\r\n") + 9) == 200);
	assert_true(atoi(get(s, "/metrics", "Authorization: Bearer sesam\r\n") + 9) == 401);
	assert_true(atoi(get(s, "/metrics", "Authorization: Bearer sesamesesame\r\n") + 9) == 401);
	assert_true(atoi(get(s, "/metrics", "Authorization: Bearer \r\n") + 9) == 401);
	server_free(s);
	close(fd);
	unlink(path);
}

static void only_for_this_machine(void **state)
{
	static const struct {
		const char *host;
		int status;
	} hosts[] = {{"localhost:1", 200},   {"127.0.0.1", 200},    {"127.0.0.1:6061", 200},
		     {"[::1]:6061", 200},    {"evil.example", 403}, {"127.0.0.1.evil.example", 403},
		     {"localhost.evil", 403}};
	struct server *s = begin(&plain);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		char request[200];

		snprintf(request, sizeof(request),
			 "GET /metrics HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n",
			 hosts[i].host);
		assert_int_equal(atoi(ask(s, request) + 9), hosts[i].status);
	}
	server_free(s);
}

/* Several that ask for the same window get one answer; who has a trace has his own. */
static void one_answer_for_several(void **state)
{
	static const char ask_for[] =
		"GET /debug/pprof/profile?seconds=1&format=folded HTTP/1.1\r\n"
		"Host: localhost\r\nConnection: close\r\n";
	static const char trace[] = "traceparent: "
				    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n";
	enum { N = 5 };
	struct server *s = begin(&plain);
	struct err err = {0};
	char answer[N][4096] = {{0}};
	size_t n[N] = {0}, done = 0;
	int fd[N];

	(void)state;
	windows_made = 0;
	for (int i = 0; i < N; i++) {
		fd[i] = connect_to(s);
		assert_true(dprintf(fd[i], "%s%s\r\n", ask_for, i == N - 1 ? trace : "") > 0);
	}
	for (uint64_t end = monotonic_ns() + 60000000000ull; done < N && monotonic_ns() < end;) {
		assert_true(server_run(s, &err) >= 0);
		for (int i = 0; i < N; i++) {
			ssize_t got = recv(fd[i], answer[i] + n[i], sizeof(answer[i]) - 1 - n[i],
					   MSG_DONTWAIT);

			n[i] += got > 0 ? (size_t)got : 0;
			done += got == 0;
			if (got == 0) {
				close(fd[i]);
				fd[i] = -1;
			}
		}
	}
	assert_int_equal(done, N);
	for (int i = 0; i < N; i++) {
		assert_non_null(strstr(answer[i], " 200 "));
		assert_string_equal(strstr(answer[i], "\r\n\r\n"), strstr(answer[0], "\r\n\r\n"));
	}
	/* All began at one mark, or at several on a busy machine; never one each. */
	assert_in_range(windows_made, 2, N - 1);
	server_free(s);
}

static void ends_while_clients_wait(void **state)
{
	struct server *s = begin(&plain);
	static const char request[] =
		"GET /debug/pprof/profile?seconds=60 HTTP/1.1\r\nHost: localhost\r\n\r\n";
	struct err err = {0};
	int fds[20];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = connect_to(s);
		/* Some have only begun to ask. */
		assert_true(write(fds[i], request, i % 3 ? sizeof(request) - 1 : 10) > 0);
	}
	for (int i = 0; i < 50; i++)
		assert_true(server_run(s, &err) >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(fds) / 2; i++)
		close(fds[i]);
	for (int i = 0; i < 50; i++)
		assert_true(server_run(s, &err) >= 0);
	server_free(s);
	for (size_t i = ARRAY_SIZE(fds) / 2; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_as_go_does),      cmocka_unit_test(formats_and_pages),
		cmocka_unit_test(metrics_are_escaped),     cmocka_unit_test(others_need_a_token),
		cmocka_unit_test(only_for_this_machine),   cmocka_unit_test(one_answer_for_several),
		cmocka_unit_test(ends_while_clients_wait),
	};

	log_setup(LOG_ERROR, false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
