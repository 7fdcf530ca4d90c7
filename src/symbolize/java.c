/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks a Java virtual machine to write its perf map. */
#include "symbolize/java.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "proc/pmaps.h"
#include "proc/procfs.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>

enum { WAIT_MS = 1000, STEP_MS = 20, MAX_REPLY = 65536 };
#define REPLY_NS 2000000000ull

static void note_libjvm(void *ret, const struct pmap *m)
{
	*(bool *)ret |= str_ends(m->path, "/libjvm.so");
}

/* A signal that dumps threads there would end most other programs. */
static bool is_java(pid_t pid)
{
	bool found = false;

	return !pmaps_read(pid, note_libjvm, &found) && found;
}

/* Connects to a socket that the process made itself, and no link to another one. */
static int connect_in(int folder, const char *name, uid_t owner)
{
	auto_close int at = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct timeval limit = {.tv_sec = 1};
	struct stat st;
	int fd;

	if (at < 0 || fstat(at, &st) || !S_ISSOCK(st.st_mode) || st.st_uid != owner)
		return -1;
	snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d", at);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (!connect(fd, (struct sockaddr *)&a, sizeof(a)))
		return fd;
	close(fd);
	return -1;
}

/* Has the machine open its socket: it does so when it is asked to quit and this file is there. */
static void ask_to_listen(int pidfd, int folder, const char *wish, const struct stat *owner,
			  const char *socket_name)
{
	int fd = openat(folder, wish, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct stat st;

	if (fd < 0)
		return;
	/* It believes nobody else. */
	if (!fchown(fd, owner->st_uid, owner->st_gid) &&
	    !syscall(SYS_pidfd_send_signal, pidfd, SIGQUIT, NULL, 0))
		for (int ms = 0; ms < WAIT_MS && fstatat(folder, socket_name, &st, 0);
		     ms += STEP_MS)
			nanosleep(&(struct timespec){.tv_nsec = STEP_MS * 1000000}, NULL);
	close(fd);
	unlinkat(folder, wish, 0);
}

static bool send_command(int fd)
{
	static const char command[] = "1\0jcmd\0Compiler.perfmap\0\0";
	uint64_t end = monotonic_ns() + REPLY_NS;
	char reply[256];
	ssize_t n, all = 0;
	bool ok = false;

	if (send(fd, command, sizeof(command), MSG_NOSIGNAL) != sizeof(command))
		return false;
	while (all < MAX_REPLY && monotonic_ns() < end &&
	       (n = recv(fd, reply, sizeof(reply), 0)) > 0) {
		if (!all)
			ok = reply[0] == '0';
		all += n;
	}
	return ok;
}

/* Its /tmp, as it sees it. */
static int open_tmp(pid_t pid)
{
	struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
			       .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	auto_close int root = process_root(pid);

	return root < 0 ? -1 : (int)syscall(SYS_openat2, root, "tmp", &how, sizeof(how));
}

bool java_write_perfmap(pid_t pid)
{
	auto_close int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	auto_close int folder = open_tmp(pid);
	auto_free char *process = mem_printf("/proc/%d", pid);
	pid_t inner = process_inner_pid(pid);
	auto_free char *name = mem_printf(".java_pid%d", inner);
	auto_free char *wish = mem_printf(".attach_pid%d", inner);
	struct stat owner;
	bool ok;
	int fd;

	if (pidfd < 0 || folder < 0 || inner <= 0 || stat(process, &owner) || !is_java(pid))
		return false;
	fd = connect_in(folder, name, owner.st_uid);
	if (fd < 0) {
		ask_to_listen(pidfd, folder, wish, &owner, name);
		fd = connect_in(folder, name, owner.st_uid);
	}
	if (fd < 0) {
		log_debug("process %d: its Java machine does not listen", pid);
		return false;
	}
	ok = send_command(fd);
	close(fd);
	log_debug("process %d: Compiler.perfmap %s", pid, ok ? "written" : "refused");
	return ok;
}
