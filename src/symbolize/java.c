/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks a Java virtual machine to write its perf map. */
#include "symbolize/java.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "proc/pmaps.h"
#include "proc/procfs.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

enum { WAIT_MS = 1000, STEP_MS = 20 };

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

static int connect_to(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct timeval limit = {.tv_sec = 2};
	int fd;

	if (strlen(path) >= sizeof(a.sun_path))
		return -1;
	strcpy(a.sun_path, path);
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
static void ask_to_listen(pid_t pid, pid_t inner, const char *socket_path)
{
	auto_free char *process = mem_printf("/proc/%d", pid);
	auto_free char *wish = mem_printf("/proc/%d/root/tmp/.attach_pid%d", pid, inner);
	struct stat owner, st;
	int fd;

	if (stat(process, &owner))
		return;
	fd = open(wish, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return;
	/* It believes nobody else. */
	if (!fchown(fd, owner.st_uid, owner.st_gid) && !kill(pid, SIGQUIT))
		for (int ms = 0; ms < WAIT_MS && stat(socket_path, &st); ms += STEP_MS)
			nanosleep(&(struct timespec){.tv_nsec = STEP_MS * 1000000}, NULL);
	close(fd);
	unlink(wish);
}

static bool send_command(int fd)
{
	static const char command[] = "1\0jcmd\0Compiler.perfmap\0\0";
	char reply[256];
	ssize_t n, all = 0;
	bool ok = false;

	if (send(fd, command, sizeof(command), MSG_NOSIGNAL) != sizeof(command))
		return false;
	while ((n = recv(fd, reply, sizeof(reply), 0)) > 0) {
		if (!all)
			ok = reply[0] == '0';
		all += n;
	}
	return ok;
}

bool java_write_perfmap(pid_t pid)
{
	pid_t inner = process_inner_pid(pid);
	auto_free char *path = mem_printf("/proc/%d/root/tmp/.java_pid%d", pid, inner);
	bool ok;
	int fd;

	if (inner <= 0 || !is_java(pid))
		return false;
	fd = connect_to(path);
	if (fd < 0) {
		ask_to_listen(pid, inner, path);
		fd = connect_to(path);
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
