/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The socket that a server listens on. */
#include "serve/listen.h"

#include "base/mem.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { BACKLOG = 256 };

static bool is_loopback(const struct addrinfo *a)
{
	const struct sockaddr_in *four = (const void *)a->ai_addr;
	const struct sockaddr_in6 *six = (const void *)a->ai_addr;

	if (a->ai_family == AF_INET)
		return ntohl(four->sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
}

/* Host and port of "127.0.0.1:6061", "[::1]:6061", "host", ":6061". */
static int split_address(const char *text, char **ret_host, char *port, size_t port_size,
			 struct err *err)
{
	const char *colon = strrchr(text, ':'), *bracket = strrchr(text, ']');
	uint64_t number = DEFAULT_PORT;

	if (bracket && colon && colon < bracket)
		colon = NULL;
	if (colon && !parse_u64(colon + 1, UINT16_MAX, &number)) {
		err_usage(err, "--listen %.80s: '%.20s' is no port", text, colon + 1);
		return err_cure(err, "an address and a port, as in 127.0.0.1:%d or [::1]:%d",
				DEFAULT_PORT, DEFAULT_PORT);
	}
	snprintf(port, port_size, "%" PRIu64, number);
	*ret_host = mem_printf("%.*s", (int)(colon ? colon - text : (ptrdiff_t)strlen(text)), text);
	if (**ret_host == '[' && bracket) {
		size_t n = strlen(*ret_host);

		memmove(*ret_host, *ret_host + 1, n);
		(*ret_host)[strcspn(*ret_host, "]")] = '\0';
	}
	return 0;
}

static void describe(int fd, char *address, size_t size)
{
	struct sockaddr_storage bound;
	socklen_t bytes = sizeof(bound);
	char host[64], port[8];

	getsockname(fd, (struct sockaddr *)&bound, &bytes);
	getnameinfo((struct sockaddr *)&bound, bytes, host, sizeof(host), port, sizeof(port),
		    NI_NUMERICHOST | NI_NUMERICSERV);
	snprintf(address, size, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
}

static int listen_on(const struct addrinfo *a, const char *text, struct err *err)
{
	auto_close int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int one = 1;

	if (fd < 0)
		return err_set(err, -errno, "cannot make a socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, a->ai_addr, a->ai_addrlen) || listen(fd, BACKLOG)) {
		int code = err_set(err, -errno, "cannot listen on %.80s", text);

		if (code == -EADDRINUSE)
			return err_cure(err, "something listens there already: choose another port "
					     "with --listen");
		return code;
	}
	return steal_fd(fd);
}

int listen_open(const char *text, bool open, char *address, size_t size, struct err *err)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	auto_free char *host = NULL;
	struct addrinfo *a = NULL;
	char port[8];
	int code, fd = -1;

	if (split_address(text, &host, port, sizeof(port), err))
		return err->code;
	code = getaddrinfo(*host ? host : NULL, port, &hints, &a);
	if (code) {
		err_usage(err, "--listen %.80s: %s", text, gai_strerror(code));
		return err_cure(err, "an address and a port, as in 127.0.0.1:%d", DEFAULT_PORT);
	}
	if (!open && !is_loopback(a)) {
		err_usage(err, "--listen %.80s: others could read there what runs on this machine",
			  text);
		err_cure(err, "give them a token (--token-file FILE), or say --insecure");
	} else {
		fd = listen_on(a, text, err);
	}
	freeaddrinfo(a);
	if (fd < 0)
		return err->code;
	describe(fd, address, size);
	return fd;
}
