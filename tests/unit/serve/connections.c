/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Silent connections: those that ask stay, of the others the newest. */
#include "unit/test.h"

#include "serve/connections.h"

#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Is our end of it shut? */
static bool is_shut(int other)
{
	char byte;

	return recv(other, &byte, 1, MSG_DONTWAIT) == 0;
}

static void the_newest_stay(void **state)
{
	enum { N = MAX_SILENT_OF_ADDRESS + 10 };
	struct connections all = {0};
	struct connection *c[N];
	int pairs[N][2];

	(void)state;
	for (int i = 0; i < N; i++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]), 0);
		c[i] = connection_begin(&all, pairs[i][0], NULL);
	}
	/* The first one asks: it is not silent. */
	connection_asks(&all, c[0]);
	connections_look(&all);
	for (int i = 0; i < N; i++) /* they have had no time to ask */
		assert_false(is_shut(pairs[i][1]));
	assert_true(connections_are_many(&all));
	nanosleep(&(struct timespec){.tv_nsec = (GRACE_MS + 50) * 1000000l}, NULL);
	connections_look(&all);
	assert_false(is_shut(pairs[0][1]));
	for (int i = 1; i < N; i++)
		assert_int_equal(is_shut(pairs[i][1]), i < N - MAX_SILENT_OF_ADDRESS);
	connection_rests(&all, c[0]);
	assert_int_equal(all.n_silent, MAX_SILENT_OF_ADDRESS + 1);
	for (int i = 0; i < N; i++) {
		connection_end(&all, c[i]);
		close(pairs[i][0]);
		close(pairs[i][1]);
	}
	assert_int_equal(all.n_silent, 0);
	assert_null(all.first);
	assert_null(all.last);
}

int main(void)
{
	const struct CMUnitTest tests[] = {T(the_newest_stay)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
