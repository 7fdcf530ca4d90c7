/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Silent connections. */
#include "serve/connections.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"

#include <netinet/in.h>
#include <string.h>

struct connection {
	int fd;
	struct in6_addr from; /* an IPv4 address in its first bytes */
	bool is_silent, is_closed;
	uint64_t since_ns;
	struct connection *before, *next; /* among the silent */
};

static void connections_leave(struct connections *all, struct connection *c)
{
	if (!c->is_silent)
		return;
	*(c->before ? &c->before->next : &all->first) = c->next;
	*(c->next ? &c->next->before : &all->last) = c->before;
	c->before = c->next = NULL;
	c->is_silent = false;
	all->n_silent--;
}

/* libmicrohttpd finds its end, and tells us. */
static void connection_close(struct connections *all, struct connection *c)
{
	connections_leave(all, c);
	c->is_closed = true;
	shutdown(c->fd, SHUT_RDWR);
}

void connection_rests(struct connections *all, struct connection *c)
{
	if (c->is_silent || c->is_closed)
		return;
	c->is_silent = true;
	c->since_ns = monotonic_ns();
	c->before = all->last;
	*(all->last ? &all->last->next : &all->first) = c;
	all->last = c;
	all->n_silent++;
}

struct connection *connection_begin(struct connections *all, int fd, const struct sockaddr *from)
{
	struct connection *c = mem_alloc(sizeof(*c));

	c->fd = fd;
	if (from && from->sa_family == AF_INET6)
		c->from = ((const struct sockaddr_in6 *)(const void *)from)->sin6_addr;
	else if (from && from->sa_family == AF_INET)
		memcpy(&c->from, &((const struct sockaddr_in *)(const void *)from)->sin_addr, 4);
	connection_rests(all, c);
	return c;
}

void connection_end(struct connections *all, struct connection *c)
{
	connections_leave(all, c);
	free(c);
}

void connection_asks(struct connections *all, struct connection *c)
{
	connections_leave(all, c);
}

/* Those of one address that are not the newest. */
static void close_crowd(struct connections *all, uint64_t now)
{
	struct map64 n_of = {0};
	struct connection *before;

	for (struct connection *c = all->last; c; c = before) {
		uint64_t key = hash_bytes(&c->from, sizeof(c->from)) >> 1, n = 0;

		before = c->before;
		map64_find(&n_of, key, &n);
		map64_set(&n_of, key, n + 1);
		if (n >= MAX_SILENT_OF_ADDRESS && now - c->since_ns > GRACE_MS * 1000000ull)
			connection_close(all, c);
	}
	map64_release(&n_of);
}

void connections_look(struct connections *all)
{
	uint64_t now = monotonic_ns();

	while (all->first && now - all->first->since_ns > HEAD_S * 1000000000ull)
		connection_close(all, all->first);
	if (all->n_silent > MAX_SILENT_OF_ADDRESS)
		close_crowd(all, now);
	while (all->n_silent > MAX_SILENT && now - all->first->since_ns > GRACE_MS * 1000000ull)
		connection_close(all, all->first);
}

bool connections_are_many(const struct connections *all)
{
	return all->n_silent > MAX_SILENT_OF_ADDRESS;
}
