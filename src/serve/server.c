/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The HTTP server. */
#include "serve/server.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "serve/access.h"
#include "serve/connections.h"
#include "serve/listen.h"
#include "serve/maker.h"
#include "serve/request.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum {
	CONNECTION_BYTES = 16 << 10, /* of headers; beyond, the answer is 431 */
	MAX_CONNECTIONS = 1000,
	IDLE_S = 30, /* a connection on which nothing moves */
	MAX_TOKEN_BYTES = 4096,
	LOOK_MS = 200, /* how often waiting clients are looked after */
};

#define TICK_NS 1000000000ull
/* How long requests that take a while may take before others are looked at. */
#define LATER_NS 150000000ull
/* How long a wrong token waits for its answer. */
#define LATE_NS 1000000000ull

struct server {
	struct history *history;
	struct server_options o;
	struct MHD_Daemon *daemon;
	int listen_fd;
	int wait_fd; /* epoll, of the daemon's and of the maker's */
	char address[96];
	struct access access;
	struct requests all;
	struct connections connections;
	struct request *late; /* refused, and to be told so later */
	uint64_t ticked_ns;
	bool ends;
};

/* -- requests -- */

static void request_free(struct request *r)
{
	if (r->response)
		MHD_destroy_response(r->response);
	r->all->body_bytes -= r->body.len;
	free(r->method);
	free(r->path);
	str_release(&r->body);
	free(r);
}

static struct request *request_new(struct server *s, struct MHD_Connection *c, const char *path,
				   const char *method)
{
	struct request *r = mem_alloc(sizeof(*r));
	const union MHD_ConnectionInfo *who =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	r->all = &s->all;
	r->history = s->history;
	r->connection = c;
	r->path = mem_strdup(path);
	r->method = mem_strdup(method);
	r->started_ns = monotonic_ns();
	r->cpu_ns = -1;
	if (who)
		getnameinfo(who->client_addr,
			    who->client_addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
								    : sizeof(struct sockaddr_in),
			    r->remote, sizeof(r->remote), NULL, 0, NI_NUMERICHOST);
	return r;
}

/* The client has closed its end: as with Go's server, nobody is waiting any more. */
static bool client_is_gone(const struct request *r)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct pollfd fd = {.events = POLLRDHUP};

	if (!info)
		return true;
	fd.fd = info->connect_fd;
	return poll(&fd, 1, 0) > 0;
}

static void drop_gone(struct server *s)
{
	for (struct request *r = s->all.waiting, *next; r; r = next) {
		next = r->next;
		if (client_is_gone(r)) {
			r->is_gone = true;
			request_stop_waiting(r);
		}
	}
}

/* The rate that those who wait need; samples from the oldest mark on are kept. */
static int tell_demand(struct server *s, struct err *err)
{
	uint64_t oldest = UINT64_MAX;

	for (const struct request *r = s->all.waiting; r; r = r->next)
		if (r->is_marked)
			oldest = MIN(oldest, r->from.entry);
	return s->history->demand(s->history, s->all.n_waiting, oldest, err);
}

/* Tells those that were refused, when it is time; all, when the server ends. */
static void answer_late(struct server *s)
{
	uint64_t now = s->ends ? UINT64_MAX : monotonic_ns();

	for (struct request **at = &s->late, *r; (r = *at);) {
		if (r->late_ns > now) {
			at = &r->next;
			continue;
		}
		*at = r->next;
		r->is_suspended = false;
		MHD_resume_connection(r->connection);
	}
}

/* As many as there is time for, while others wait for answers that take none. */
static void run_later(struct server *s)
{
	uint64_t began = monotonic_ns();

	while (s->all.later && (s->ends || monotonic_ns() - began < LATER_NS)) {
		struct request *r = s->all.later;

		s->all.later = r->next;
		r->is_later = false;
		if (s->ends || client_is_gone(r))
			r->is_gone = true;
		else
			r->run(r);
		request_stop_waiting(r);
	}
}

static bool is_due(const struct request *r, uint64_t now)
{
	return r->is_marked && now >= r->from.time_ns + r->wait_ns;
}

/* One mark ends those that are due and begins those that are new. */
static int run_waiting(struct server *s, struct err *err)
{
	uint64_t now = monotonic_ns();
	bool needs_mark = false, is_new = false;
	struct history_mark at;

	for (const struct request *r = s->all.waiting; r; r = r->next) {
		is_new |= !r->is_marked;
		needs_mark |= !r->is_marked || is_due(r, now);
	}
	if (!needs_mark)
		return 0;
	/* The higher rate first: what comes then is sampled at it. */
	if (is_new && tell_demand(s, err))
		return err->code;
	for (struct request *r = s->all.waiting; r; r = r->next)
		if (r->at_mark && (!r->is_marked || is_due(r, now)))
			r->at_mark(r);
	if (s->history->mark(s->history, &at, err))
		return err->code;
	for (struct request *r = s->all.waiting, *next; r; r = next) {
		next = r->next;
		if (!r->is_marked) {
			r->from = at;
			r->is_marked = true;
		} else if (is_due(r, now)) {
			r->finish(r, &at);
			request_stop_waiting(r);
		}
	}
	return tell_demand(s, err);
}

/* -- what libmicrohttpd asks -- */

static struct connection *connection_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static void on_connection(void *server, struct MHD_Connection *c, void **context,
			  enum MHD_ConnectionNotificationCode how)
{
	struct server *s = server;
	const union MHD_ConnectionInfo *fd =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	const union MHD_ConnectionInfo *from =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	if (how == MHD_CONNECTION_NOTIFY_STARTED && fd)
		*context = connection_begin(&s->connections, fd->connect_fd,
					    from ? from->client_addr : NULL);
	else if (how == MHD_CONNECTION_NOTIFY_CLOSED && *context)
		connection_end(&s->connections, steal(*context));
}

static const struct {
	const char *path;
	handler *run;
	const char *what;
} routes[] = {
#define ROUTE(path, handler, what) {path, handler, what},
#include "serve/routes.def"
#undef ROUTE
};

static const char pprof_root[] = "/debug/pprof";

static void route(const struct server *s, struct request *r)
{
	bool posts = str_equal(r->method, MHD_HTTP_METHOD_POST);

	if (access_is_foreign_page(r)) {
		reply_error(r, MHD_HTTP_FORBIDDEN,
			    "a page of another site may not ask here: open this address itself");
		return;
	}
	if (!access_is_host_ours(&s->access, r)) {
		reply_error(
			r, MHD_HTTP_FORBIDDEN,
			"this is not localhost: for others there are --token-file and --insecure");
		return;
	}
	if (!access_is_allowed(&s->access, r)) {
		reply_error(r, MHD_HTTP_UNAUTHORIZED,
			    "a token is needed: Authorization: Bearer TOKEN");
		reply_header(r, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer, Basic realm=\"cprof\"");
		/* Who tries tokens waits for each answer, and holds no connection afterwards. */
		reply_header(r, MHD_HTTP_HEADER_CONNECTION, "close");
		r->late_ns = monotonic_ns() + LATE_NS;
		return;
	}
	if (!posts && !str_equal(r->method, MHD_HTTP_METHOD_GET) &&
	    !str_equal(r->method, MHD_HTTP_METHOD_HEAD)) {
		reply_error(r, MHD_HTTP_METHOD_NOT_ALLOWED, "Method Not Allowed");
		reply_header(r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD, POST");
		return;
	}
	if (str_starts(r->path, pprof_root) &&
	    (!r->path[sizeof(pprof_root) - 1] || r->path[sizeof(pprof_root) - 1] == '/')) {
		pprof_request(r, r->path + sizeof(pprof_root) - 1);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
		if (str_equal(r->path, routes[i].path)) {
			routes[i].run(r);
			return;
		}
	}
	reply_error(r, MHD_HTTP_NOT_FOUND, "404 page not found");
}

/* Queues what a handler has answered. */
static enum MHD_Result server_answer(struct request *r)
{
	enum MHD_Result result;

	if (!r->response || r->is_gone)
		return MHD_NO;
	result = MHD_queue_response(r->connection, r->status, r->response);
	MHD_destroy_response(r->response);
	r->response = NULL;
	return result;
}

static bool has_body(const struct request *r)
{
	const char *length = request_header(r, MHD_HTTP_HEADER_CONTENT_LENGTH);

	return (length && !str_equal(length, "0")) ||
	       request_header(r, MHD_HTTP_HEADER_TRANSFER_ENCODING);
}

/* A body is taken in, up to a limit; then the request is answered, or waits. */
static enum MHD_Result on_request(void *server, struct MHD_Connection *c, const char *path,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_bytes, void **context)
{
	struct request *r = *context;
	struct server *s = server;

	(void)version;
	if (!r) {
		if (connection_of(c))
			connection_asks(&s->connections, connection_of(c));
		r = *context = request_new(server, c, path, method);
		trace_context_take(&r->trace, request_header(r, "traceparent"));
		/* Nothing is kept of what is not asked for, nor of those who may not ask. */
		r->keeps_body = str_equal(method, MHD_HTTP_METHOD_POST) &&
				str_ends(path, "/symbol") && access_is_allowed(&s->access, r);
		/* A body is to come within the time of a head. */
		if (connection_of(c) && has_body(r))
			connection_rests(&s->connections, connection_of(c));
		return MHD_YES;
	}
	if (*upload_bytes) {
		if (r->keeps_body && r->body.len + *upload_bytes <= MAX_BODY_BYTES &&
		    s->all.body_bytes + *upload_bytes <= MAX_BODIES_BYTES) {
			str_add(&r->body, upload, *upload_bytes);
			s->all.body_bytes += *upload_bytes;
		} else if (r->keeps_body)
			r->status = MHD_HTTP_CONTENT_TOO_LARGE;
		*upload_bytes = 0;
		return MHD_YES;
	}
	if (r->response || r->is_gone)
		return server_answer(r);
	if (connection_of(c))
		connection_asks(&s->connections, connection_of(c));
	if (r->status == MHD_HTTP_CONTENT_TOO_LARGE)
		reply_error(r, r->status, "the body is larger than %d bytes", MAX_BODY_BYTES);
	else
		route(s, r);
	if (!r->waits && !r->late_ns && !r->is_made && !r->is_later)
		return server_answer(r);
	if (r->late_ns) {
		r->next = s->late;
		s->late = r;
	}
	r->is_suspended = true;
	MHD_suspend_connection(c);
	return MHD_YES;
}

static void on_completed(void *server, struct MHD_Connection *c, void **context,
			 enum MHD_RequestTerminationCode how)
{
	struct request *r = *context;
	struct str text auto_release(str_release) = {0};
	double seconds;
	json_t *f;

	*context = NULL;
	if (connection_of(c))
		connection_rests(&((struct server *)server)->connections, connection_of(c));
	if (!r)
		return;
	if (r->waits)
		request_stop_waiting(r);
	seconds = (double)(monotonic_ns() - r->started_ns) / 1e9;
	str_printf(&text, "%s ", r->method);
	str_plain(&text, r->path);
	if (how == MHD_REQUEST_TERMINATED_COMPLETED_OK && !r->is_gone)
		str_printf(&text, ": %u, %zu bytes in %.3f s", r->status, r->bytes, seconds);
	else
		str_printf(&text, ": the client went away after %.3f s", seconds);
	f = json_object();
	json_object_set_new(f, "method", json_text(r->method));
	json_object_set_new(f, "path", json_text(r->path));
	json_object_set_new(f, "status", json_integer(r->status));
	json_object_set_new(f, "bytes", json_integer((json_int_t)r->bytes));
	json_object_set_new(f, "duration_s", json_real(seconds));
	json_object_set_new(f, "remote", json_text(r->remote));
	json_object_set_new(
		f, "completed",
		json_boolean(how == MHD_REQUEST_TERMINATED_COMPLETED_OK && !r->is_gone));
	json_object_set_new(f, "trace_id", json_text(r->trace.trace_id));
	json_object_set_new(f, "span_id", json_text(r->trace.span_id));
	if (*r->trace.parent_id)
		json_object_set_new(f, "parent_span_id", json_text(r->trace.parent_id));
	log_fields(LOG_INFO, text.text, "request", f);
	request_free(r);
}

__attribute__((format(printf, 2, 0))) static void on_message(void *ctx, const char *fmt, va_list ap)
{
	char text[256];

	(void)ctx;
	vsnprintf(text, sizeof(text), fmt, ap);
	text[strcspn(text, "\n")] = '\0';
	log_debug("%s", text);
}

/* -- set-up -- */

int server_reload(struct server *s, struct err *err)
{
	struct str text auto_release(str_release) = {0};
	int code;

	if (!s->o.token_file)
		return 0;
	code = file_read(s->o.token_file, MAX_TOKEN_BYTES, &text);
	if (code)
		return err_set(err, code, "cannot read the token in %s", s->o.token_file);
	if (access_check_token(s->o.token_file, text.len ? text.text : NULL, err))
		return err->code;
	free(s->access.token);
	s->access.token = mem_strdup(text.text);
	return 0;
}

static int open_socket(struct server *s, struct err *err)
{
	bool open = s->o.token_file || s->o.insecure;

	s->listen_fd = listen_open(s->o.listen, open, s->address, sizeof(s->address), err);
	return s->listen_fd < 0 ? err->code : 0;
}

static int start_daemon(struct server *s, struct err *err)
{
	struct epoll_event readable = {.events = EPOLLIN};
	const union MHD_DaemonInfo *info;

	s->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL,
		on_request, s, MHD_OPTION_EXTERNAL_LOGGER, on_message, NULL,
		MHD_OPTION_LISTEN_SOCKET, s->listen_fd, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)MAX_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, s, MHD_OPTION_NOTIFY_CONNECTION,
		on_connection, s, MHD_OPTION_END);
	if (!s->daemon)
		return err_set(err, 0, "cannot start the HTTP server");
	s->listen_fd = -1; /* the daemon's now */
	info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	s->wait_fd = epoll_create1(EPOLL_CLOEXEC);
	if (!info || s->wait_fd < 0 ||
	    epoll_ctl(s->wait_fd, EPOLL_CTL_ADD, info->epoll_fd, &readable) ||
	    epoll_ctl(s->wait_fd, EPOLL_CTL_ADD, maker_wait_fd(s->all.maker), &readable))
		return err_set(err, -errno, "cannot wait for requests");
	return 0;
}

struct server *server_new(const struct server_options *o, struct history *history, struct err *err)
{
	struct server *s = mem_alloc(sizeof(*s));

	s->o = *o;
	s->access.is_open = o->insecure;
	s->history = history;
	s->listen_fd = s->wait_fd = -1;
	s->all.maker = maker_new();
	s->all.max_unread_bytes = o->unread_bytes ? o->unread_bytes : UINT64_MAX;
	if (server_reload(s, err) || open_socket(s, err) || start_daemon(s, err)) {
		server_free(s);
		return NULL;
	}
	return s;
}

void server_free(struct server *s)
{
	if (!s)
		return;
	while (s->all.waiting) {
		s->all.waiting->is_gone = true;
		request_stop_waiting(s->all.waiting);
	}
	s->ends = true;
	answer_late(s);
	run_later(s);
	maker_give_back(s->all.maker);
	if (s->daemon) {
		MHD_run(s->daemon); /* takes up what was resumed */
		MHD_stop_daemon(s->daemon);
	}
	maker_free(s->all.maker);
	if (s->listen_fd >= 0)
		close(s->listen_fd);
	if (s->wait_fd >= 0)
		close(s->wait_fd);
	free(s->access.token);
	free(s);
}

int server_wait_fd(const struct server *s)
{
	return s->wait_fd;
}

const char *server_address(const struct server *s)
{
	return s->address;
}

/* -- running -- */

/* When something is to be done next. */
static int next_ms(const struct server *s)
{
	MHD_UNSIGNED_LONG_LONG daemon_ms;
	uint64_t now = monotonic_ns(), least = s->ticked_ns + TICK_NS;

	for (const struct request *r = s->all.waiting; r; r = r->next)
		least = MIN(least, r->is_marked ? MIN(r->from.time_ns + r->wait_ns,
						      now + LOOK_MS * 1000000ull)
						: now);
	for (const struct request *r = s->late; r; r = r->next)
		least = MIN(least, r->late_ns);
	if (s->all.later)
		least = now;
	if (connections_are_many(&s->connections))
		least = MIN(least, now + LOOK_MS * 1000000ull);
	least = least > now ? (least - now + 999999) / 1000000 : 0;
	if (MHD_get_timeout(s->daemon, &daemon_ms) == MHD_YES)
		least = MIN(least, (uint64_t)daemon_ms);
	return (int)least;
}

int server_run(struct server *s, struct err *err)
{
	connections_look(&s->connections);
	maker_take(s->all.maker);
	answer_late(s);
	run_later(s);
	MHD_run(s->daemon);
	if (s->all.waiting) {
		size_t before = s->all.n_waiting;

		drop_gone(s);
		if (run_waiting(s, err) || (before != s->all.n_waiting && tell_demand(s, err)))
			return err->code;
		MHD_run(s->daemon); /* answers those that were resumed */
	}
	if (monotonic_ns() - s->ticked_ns >= TICK_NS) {
		s->ticked_ns = monotonic_ns();
		if (s->history->tick(s->history, err))
			return err->code;
	}
	return next_ms(s);
}
