/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: what a client sends to the HTTP server. */
#include "serve_history.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/log.h"
#include "serve/server.h"

enum { MOST_ROUNDS = 200 };

static struct server *server;

static int connect_to_server(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in from = {.sin_family = AF_INET};
	const struct linger now = {.l_onoff = 1};
	static uint32_t n;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	to.sin_port = htons((uint16_t)atoi(strrchr(server_address(server), ':') + 1));
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)); /* no port waits for its end */
	/* From ever other addresses: the ports of one would be used up. */
	from.sin_addr.s_addr = htonl(0x7f000001 + n++ % 65000 * 2);
	if (bind(fd, (struct sockaddr *)&from, sizeof(from)))
		abort();
	/* The fuzzer's alarm may interrupt it. */
	while (connect(fd, (struct sockaddr *)&to, sizeof(to)) && errno != EISCONN)
		if (errno != EINTR && errno != EALREADY)
			abort();
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct server_options o = {.listen = "127.0.0.1:0"};
	struct err err = {0};
	char answer[4096];
	int fd;

	if (!server) {
		log_setup(LOG_ERROR, false);
		server = server_new(&o, &test_history, &err);
		if (!server)
			abort();
	}
	fd = connect_to_server();
	if (send(fd, data, size, MSG_NOSIGNAL) >= 0)
		shutdown(fd, SHUT_WR);
	for (int i = 0; i < MOST_ROUNDS; i++) {
		ssize_t n;

		if (server_run(server, &err) < 0)
			abort();
		n = recv(fd, answer, sizeof(answer), MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN))
			break;
	}
	close(fd);
	if (server_run(server, &err) < 0)
		abort();
	return 0;
}
