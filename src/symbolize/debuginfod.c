/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Debug files from debuginfod servers. */
#include "symbolize/debuginfod.h"

#include "base/authority.h"
#include "base/broker_child.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#include <dlfcn.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { CONNECT_MS = 1000, MAX_WANTED = 4096, MAX_URLS = 16 };

struct debuginfod {
	pid_t child;
	int to, from; /* descriptors of files to the child; a byte for each one done from it */
	unsigned n_wanted, n_done;
};

/* -- the child -- */

static char *debug_folders = "";

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
	.section_address = dwfl_offline_section_address,
	.debuginfo_path = &debug_folders,
};

/* libdwfl fetches what it does not find on this machine. */
static void fetch(const char *path)
{
	Dwfl *dwfl = dwfl_begin(&callbacks);
	Dwfl_Module *module;
	Dwarf_Addr bias;

	if (!dwfl)
		return;
	dwfl_report_begin(dwfl);
	module = dwfl_report_offline(dwfl, path, path, -1);
	dwfl_report_end(dwfl, NULL, NULL);
	if (module)
		dwfl_module_getdwarf(module, &bias);
	dwfl_end(dwfl);
}

/* Does somebody listen at "http://host:port/..." within a second? */
static bool answers(const char *url)
{
	const char *host = strstr(url, "://"), *port;
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *all = NULL;
	char name[256];
	bool ok = false;

	if (!host)
		return str_starts(url, "file:");
	host += 3;
	snprintf(name, sizeof(name), "%.*s", (int)MIN(strcspn(host, "/:"), sizeof(name) - 1), host);
	port = host[strcspn(host, "/:")] == ':' ? host + strcspn(host, ":") + 1 : NULL;
	{
		auto_free char *service =
			port ? strndup(port, strspn(port, "0123456789"))
			     : mem_strdup(str_starts(url, "https") ? "443" : "80");

		if (getaddrinfo(name, service, &hints, &all))
			return false;
	}
	for (struct addrinfo *a = all; a && !ok; a = a->ai_next) {
		int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		struct pollfd p = {fd, POLLOUT, 0};
		int code = -1;
		socklen_t len = sizeof(code);

		if (fd < 0)
			continue;
		ok = !connect(fd, a->ai_addr, a->ai_addrlen) ||
		     (errno == EINPROGRESS && poll(&p, 1, CONNECT_MS) == 1 &&
		      !getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &len) && !code);
		close(fd);
	}
	freeaddrinfo(all);
	return ok;
}

/* Keeps the servers that answer. */
static bool choose_servers(void)
{
	auto_free char *urls = mem_strdup(getenv("DEBUGINFOD_URLS"));
	struct str kept auto_release(str_release) = {0};
	char *save = NULL;
	int n = 0;

	for (char *url = strtok_r(urls, " ", &save); url && n++ < MAX_URLS;
	     url = strtok_r(NULL, " ", &save))
		if (answers(url))
			str_printf(&kept, "%s ", url);
	if (kept.len)
		setenv("DEBUGINFOD_URLS", kept.text, 1);
	return kept.len;
}

static void serve(int from, int to)
{
	bool has_servers;
	char byte, path[32];
	int file;

	authority_renounce();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setenv("DEBUGINFOD_TIMEOUT", "10", 0);
	unsetenv("DEBUGINFOD_PROGRESS");
	has_servers = choose_servers();
	while (message_receive(from, &byte, 1, &file, 1) == 1) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
		if (has_servers && file >= 0)
			fetch(path);
		if (file >= 0)
			close(file);
		if (write(to, has_servers ? "+" : "-", 1) != 1)
			break;
	}
	_exit(0);
}

/* -- the parent -- */

/* Where fetched files lie (heap), NULL: nowhere. */
static char *cache_folder(void)
{
	const char *own = getenv("DEBUGINFOD_CACHE_PATH"), *xdg = getenv("XDG_CACHE_HOME"),
		   *home = getenv("HOME");

	if (own && *own)
		return mem_strdup(own);
	/* Under sudo the usual place is in the caller's home, where root's files do not belong. */
	if (geteuid() == 0)
		return mem_strdup("/var/cache/cprof-debuginfod");
	if (xdg && *xdg)
		return mem_printf("%s/debuginfod_client", xdg);
	return home ? mem_printf("%s/.cache/debuginfod_client", home) : NULL;
}

/* libdw loads the client when it is there and says nothing when not. */
static bool have_client(void)
{
	void *client = dlopen("libdebuginfod.so.1", RTLD_LAZY | RTLD_LOCAL);

	if (client)
		dlclose(client);
	else
		log_warn("--debuginfod: there is no libdebuginfod.so.1 (Debian 12: apt-get install "
			 "libdebuginfod1; later: libdebuginfod1t64)");
	return client;
}

struct debuginfod *debuginfod_new(void)
{
	const char *urls = getenv("DEBUGINFOD_URLS");
	auto_free char *folder = cache_folder();
	int down[2], up[2];
	struct debuginfod *d;
	pid_t child;

	if (!urls || !*urls) {
		log_warn("--debuginfod: DEBUGINFOD_URLS names no servers, as in "
			 "DEBUGINFOD_URLS=https://debuginfod.debian.net");
		return NULL;
	}
	if (!have_client())
		return NULL;
	if (folder)
		setenv("DEBUGINFOD_CACHE_PATH", folder, 1);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, down))
		return NULL;
	if (pipe2(up, O_CLOEXEC)) {
		close(down[0]), close(down[1]);
		return NULL;
	}
	child = fork();
	if (!child) {
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		signal(SIGINT, SIG_IGN); /* the parent says when it is enough */
		close(down[1]), close(up[0]);
		serve(down[0], up[1]);
	}
	close(down[0]), close(up[1]);
	if (child < 0) {
		close(down[1]), close(up[0]);
		return NULL;
	}
	fcntl(down[1], F_SETFL, O_NONBLOCK); /* what it does not take now is offered again */
	d = mem_alloc(sizeof(*d));
	*d = (struct debuginfod){.child = child, .to = down[1], .from = up[0]};
	return d;
}

void debuginfod_free(struct debuginfod *d)
{
	if (!d)
		return;
	close(d->to);
	close(d->from);
	kill(d->child, SIGKILL);
	waitpid(d->child, NULL, 0);
	free(d);
}

void debuginfod_want(struct debuginfod *d, struct image *image)
{
	auto_free char *have = NULL;
	int file;

	if (image->debug_wanted || !image->elf || !image->build_id.len ||
	    elf_file_has_debug_info(image->elf) || d->n_wanted == MAX_WANTED)
		return;
	image->debug_wanted = true;
	have = debuginfod_path(&image->build_id);
	file = elf_file_descriptor(image->elf);
	if (file < 0 || (have && !access(have, F_OK)))
		return;
	/* The file itself: its path is only for who mapped it. */
	if (message_send(d->to, "", 1, &file, 1))
		image->debug_wanted = false;
	else
		d->n_wanted++;
}

void debuginfod_wait(struct debuginfod *d, int seconds)
{
	struct pollfd p = {d->from, POLLIN, 0};
	char done[64];

	while (d->n_done < d->n_wanted && poll(&p, 1, seconds * 1000) == 1) {
		ssize_t n = read(d->from, done, sizeof(done));

		if (n <= 0)
			break;
		d->n_done += (unsigned)n;
	}
}

char *debuginfod_path(const struct build_id *id)
{
	auto_free char *folder = cache_folder();
	char hex[2 * MAX_BUILD_ID + 1];

	build_id_hex(id, hex);
	return folder ? mem_printf("%s/%s/debuginfo", folder, hex) : NULL;
}
