/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The broker's child and its workers: system calls only, since other threads may have held any lock
 * when it was forked. */
#include "base/broker_child.h"

#include "base/authority.h"
#include "base/clock.h"
#include "base/filesystems.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

/* -- messages -- */

enum { MAX_FDS = 2 };

union control {
	struct cmsghdr head;
	char bytes[CMSG_SPACE(MAX_FDS * sizeof(int))];
};

int message_send(int socket, const void *data, size_t bytes, const int *fds, int n)
{
	union control control = {0};
	struct iovec part = {(void *)data, bytes};
	struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};

	if (n) {
		m.msg_control = &control;
		m.msg_controllen = CMSG_SPACE((size_t)n * sizeof(int));
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN((size_t)n * sizeof(int));
		memcpy(CMSG_DATA(&control.head), fds, (size_t)n * sizeof(int));
	}
	return sendmsg(socket, &m, MSG_NOSIGNAL) == (ssize_t)bytes ? 0 : -EPIPE;
}

ssize_t message_receive(int socket, void *data, size_t bytes, int *fds, int n)
{
	union control control = {0};
	struct iovec part = {data, bytes};
	struct msghdr m = {.msg_iov = &part,
			   .msg_iovlen = 1,
			   .msg_control = &control,
			   .msg_controllen = sizeof(control)};
	ssize_t got;
	int came = 0;

	for (int i = 0; i < n; i++)
		fds[i] = -1;
	do
		got = recvmsg(socket, &m, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got > 0 && m.msg_controllen >= CMSG_LEN(sizeof(int)) &&
	    control.head.cmsg_type == SCM_RIGHTS)
		came = (int)((control.head.cmsg_len - CMSG_LEN(0)) / sizeof(int));
	if (came > 0 && came <= n)
		memcpy(fds, CMSG_DATA(&control.head), (size_t)came * sizeof(int));
	return got < 0 ? -errno : got;
}

/* -- a worker's requests -- */

struct worker {
	int socket;
	uint8_t *area;
	int file; /* that is read piece by piece; -1: none */
	uint64_t file_at;
};

/* Below `root`, if there is one. */
static int open_at(const struct broker_request *r, int root)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC};
	int fd;

	if (root >= 0)
		how.resolve = RESOLVE_IN_ROOT;
	/* Nor does a path that somebody else named go through what /proc has of processes. */
	if (r->no_links)
		how.resolve |= RESOLVE_NO_SYMLINKS;
	else if (r->as_user)
		how.resolve |= RESOLVE_NO_MAGICLINKS;
	if (r->last_no_link)
		how.flags |= O_NOFOLLOW;
	fd = (int)syscall(SYS_openat2, root >= 0 ? root : AT_FDCWD, r->path, &how, sizeof(how));
	return fd < 0 ? -errno : fd;
}

static bool path_of(int fd, char ret[PATH_MAX])
{
	char link[32];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, ret, PATH_MAX - 1);
	if (n <= 0 || ret[0] != '/')
		return false;
	ret[n] = '\0';
	return true;
}

/* May a user read it who is not us? Asked where we cannot become that user. */
static bool user_may(uid_t user, int root, int at, const struct stat *st)
{
	char path[PATH_MAX];
	struct stat folder;

	if (!(st->st_mode & (st->st_uid == user ? S_IRUSR : S_IROTH)))
		return false;
	/* The folders of another root have no path here. */
	if (root >= 0)
		return true;
	if (!path_of(at, path))
		return false;
	while (strrchr(path, '/') && strrchr(path, '/') != path) {
		*strrchr(path, '/') = '\0';
		if (stat(path, &folder) ||
		    !(folder.st_mode & (folder.st_uid == user ? S_IXUSR : S_IXOTH)))
			return false;
	}
	return true;
}

/* Takes `at`. A descriptor for reading, or a negative errno. */
static int open_for_reading(int at, struct stat *ret_st)
{
	char self[32];
	int fd;

	if (fstat(at, ret_st)) {
		fd = -errno;
	} else if (!S_ISREG(ret_st->st_mode)) {
		fd = -EINVAL;
	} else {
		snprintf(self, sizeof(self), "/proc/self/fd/%d", at);
		fd = open(self, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		fd = fd < 0 ? -errno : fd;
	}
	return fd;
}

/* As the user who named the path. */
static int open_as_user(const struct broker_request *r, int root, struct stat *ret_st)
{
	struct authority_user before;
	bool became = authority_become(r->user, &before);
	int at = open_at(r, root), fd = at;

	if (at >= 0) {
		fd = open_for_reading(at, ret_st);
		if (!became && fd >= 0 && !user_may(r->user, root, at, ret_st)) {
			close(fd);
			fd = -EACCES;
		}
		close(at);
	}
	if (became)
		authority_return(&before);
	return fd;
}

static int open_as_we(const struct broker_request *r, int root, struct stat *ret_st)
{
	int at = open_at(r, root), fd;

	if (at < 0)
		return at;
	fd = open_for_reading(at, ret_st);
	close(at);
	return fd;
}

/* Copies a file into memory, saying from time to time that it goes on. */
static int copy_file(const struct worker *w, int from, const struct stat *st)
{
	const struct broker_answer goes_on = {.code = -EINPROGRESS};
	uint64_t told = monotonic_ns();
	off_t at = 0;
	int to;

	if (st->st_size > MAX_COPY_BYTES)
		return -EFBIG;
	to = memfd_create("cprof", MFD_CLOEXEC);
	while (to >= 0 && at < MAX_COPY_BYTES) {
		ssize_t n = pread(from, w->area, AREA_BYTES, at);

		if (n <= 0 || pwrite(to, w->area, (size_t)n, at) != n)
			break;
		at += n;
		if (monotonic_ns() - told < (uint64_t)BROKER_MS / 4 * 1000000)
			continue;
		told = monotonic_ns();
		if (message_send(w->socket, &goes_on, sizeof(goes_on), NULL, 0))
			break;
	}
	if (to >= 0 && at >= st->st_size)
		return to;
	if (to >= 0)
		close(to);
	return -EIO;
}

static int worker_open(const struct worker *w, const struct broker_request *r, int root,
		       struct broker_answer *answer)
{
	int fd = r->as_user && r->user != 0 && r->user != geteuid()
			 ? open_as_user(r, root, &answer->st)
			 : open_as_we(r, root, &answer->st);
	int copy;

	if (fd < 0)
		return fd;
	answer->is_local = filesystem_is_listed(fd);
	answer->is_copy = !answer->is_local && !filesystem_is_roots(fd, r->pid);
	if (!answer->is_copy)
		return fd;
	copy = copy_file(w, fd, &answer->st);
	close(fd);
	return copy;
}

/* A piece of a file of /proc; the next one goes on where it ended. */
static int worker_read(struct worker *w, const struct broker_request *r, uint64_t *ret_bytes)
{
	ssize_t n = 1;

	if (!r->address || r->address != w->file_at) {
		if (w->file >= 0)
			close(w->file);
		w->file_at = 0;
		w->file = r->address ? -1 : open(r->path, O_RDONLY | O_CLOEXEC);
	}
	if (w->file < 0)
		return r->address ? -EINVAL : -errno;
	for (*ret_bytes = 0; n > 0 && *ret_bytes < r->bytes; *ret_bytes += (uint64_t)n) {
		n = read(w->file, w->area + *ret_bytes, r->bytes - *ret_bytes);
		if (n < 0)
			return -errno;
	}
	w->file_at += *ret_bytes;
	return 0;
}

static int worker_memory(struct worker *w, const struct broker_request *r, uint64_t *ret_bytes)
{
	struct iovec to = {w->area, r->bytes};
	struct iovec from = {(void *)(uintptr_t)r->address, r->bytes};
	ssize_t n = process_vm_readv(r->pid, &to, 1, &from, 1, 0);

	*ret_bytes = n < 0 ? 0 : (uint64_t)n;
	return n < 0 ? -errno : 0;
}

static void work(struct worker *w, const struct broker_request *r, int root)
{
	struct broker_answer answer = {0};
	struct authority_before before = {0};
	int fd = -1;

	if (r->raised)
		before = authority_raise(AUTHORITY_PROCESS_FILE);
	if (r->bytes > AREA_BYTES) {
		answer.code = -EINVAL;
	} else if (r->what == BROKER_OPEN) {
		fd = worker_open(w, r, root, &answer);
		answer.code = fd < 0 ? fd : 0;
	} else if (r->what == BROKER_READ) {
		answer.code = worker_read(w, r, &answer.bytes);
	} else {
		answer.code = worker_memory(w, r, &answer.bytes);
	}
	authority_lower(&before);
	message_send(w->socket, &answer, sizeof(answer), &fd, fd >= 0);
	if (fd >= 0)
		close(fd);
}

static void worker_run(struct worker *w)
{
	static struct broker_request r;
	const ssize_t least = offsetof(struct broker_request, path) + 1;
	int root;

	for (;;) {
		ssize_t n = message_receive(w->socket, &r, sizeof(r), &root, 1);

		if (n < least)
			_exit(0);
		((char *)&r)[n - 1] = '\0';
		work(w, &r, root);
		if (root >= 0)
			close(root);
	}
}

/* -- the child -- */

/* Of the terminal, the pipes and the files that we have, a child that hangs keeps none. */
static int keep_only(int kept)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int socket;

	for (int fd = 0; null >= 0 && fd < 3; fd++)
		dup2(null, fd);
	socket = fcntl(kept, F_DUPFD_CLOEXEC, 3);
	dup3(socket, 3, O_CLOEXEC);
	syscall(SYS_close_range, 4u, ~0u, 0u);
	return 3;
}

static bool area_new(struct worker *w, int *ret_fd)
{
	*ret_fd = memfd_create("cprof", MFD_CLOEXEC);
	if (*ret_fd < 0 || ftruncate(*ret_fd, AREA_BYTES))
		return false;
	w->area = mmap(NULL, AREA_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, *ret_fd, 0);
	return w->area != MAP_FAILED;
}

/* Begins a worker; sends our side of it. */
static pid_t worker_start(int control, int n_stuck)
{
	struct worker w = {.file = -1};
	struct fresh fresh = {.n_stuck = n_stuck};
	int pair[2] = {-1, -1}, area = -1;
	pid_t pid = -1;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) || !area_new(&w, &area)) {
		fresh.code = -EMFILE;
	} else {
		pid = fork();
		fresh.code = pid < 0 ? -EAGAIN : 0;
		fresh.pid = pid;
	}
	if (pid == 0) {
		prctl(PR_SET_NAME, "cprof-worker");
		w.socket = keep_only(pair[1]);
		worker_run(&w);
	}
	message_send(control, &fresh, sizeof(fresh), (int[]){pair[0], area}, fresh.code ? 0 : 2);
	if (w.area && w.area != MAP_FAILED)
		munmap(w.area, AREA_BYTES);
	for (int i = 0; i < 2; i++)
		if (pair[i] >= 0)
			close(pair[i]);
	if (area >= 0)
		close(area);
	return pid;
}

/* Those that were told to end and have not. */
static int reap(pid_t *stuck, int n)
{
	int left = 0;

	for (int i = 0; i < n; i++)
		if (waitpid(stuck[i], NULL, WNOHANG) == 0)
			stuck[left++] = stuck[i];
	return left;
}

void broker_child(int control)
{
	const struct fresh busy = {.code = -EBUSY};
	pid_t stuck[MAX_STUCK], worker = -1;
	sigset_t none;
	int n = 0;
	char byte;

	prctl(PR_SET_NAME, "cprof-broker");
	/* Ctrl-C is for the program; we end with it. */
	for (int s = 1; s < 32; s++)
		signal(s, s == SIGCHLD ? SIG_DFL : SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	authority_keep(AUTHORITY_PROCESS_FILE);
	control = keep_only(control);
	while (message_receive(control, &byte, 1, NULL, 0) == 1) {
		if (worker > 0) {
			kill(worker, SIGKILL);
			stuck[n++] = worker;
			worker = -1;
			/* Most end at once. */
			poll(NULL, 0, 1);
		}
		n = reap(stuck, n);
		if (n == MAX_STUCK)
			message_send(control, &busy, sizeof(busy), NULL, 0);
		else
			worker = worker_start(control, n);
	}
	if (worker > 0) {
		kill(worker, SIGKILL);
		for (int ms = 0; ms < BROKER_MS / 2 && !waitpid(worker, NULL, WNOHANG); ms++)
			poll(NULL, 0, 1);
	}
	_exit(0);
}
