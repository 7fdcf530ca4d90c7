/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The broker: our side of it. */
#include "base/broker.h"

#include "base/authority.h"
#include "base/broker_child.h"
#include "base/clock.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

enum { MAX_DISKS = 64, MAX_HELD = 64, FIRST_HOLD_S = 1, MAX_HOLD_S = 64, CAREFUL_S = 10 };

/* Who made us wait: a user, or, of root and of us, a process. */
struct held {
	uid_t user;
	pid_t pid; /* 0: all of the user's */
	uint64_t until_ns;
	unsigned s; /* how long, the last time */
	/* What has been waited for it, and not yet forgotten, as of then. */
	uint64_t waited_ns, as_of_ns;
};

/* The broker of this process. */
static struct {
	pthread_mutex_t lock;
	pid_t child;
	int control; /* the child's */
	int worker;  /* the worker's socket; below 1: there is none */
	pid_t worker_pid;
	double dropped_s; /* CPU time of workers before */
	uint8_t *area;
	struct held held[MAX_HELD];
	size_t n_held;
	uint64_t given_up;
	uint64_t careful_until_ns; /* many hang: strangers are not asked for until then */
	dev_t disks[MAX_DISKS];    /* grows only */
	atomic_size_t n_disks;
} broker = {.lock = PTHREAD_MUTEX_INITIALIZER};

static double cpu_s(pid_t pid)
{
	struct timespec used;
	clockid_t clock;

	if (!pid || clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &used))
		return 0;
	return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

static void drop_worker(void)
{
	broker.dropped_s += cpu_s(broker.worker_pid);
	broker.worker_pid = 0;
	if (broker.worker > 0)
		close(broker.worker);
	if (broker.area)
		munmap(broker.area, AREA_BYTES);
	broker.worker = 0;
	broker.area = NULL;
}

static int start_locked(void)
{
	int pair[2];
	pid_t child;

	if (broker.child)
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	child = fork();
	if (!child)
		broker_child(pair[1]);
	close(pair[1]);
	if (child < 0) {
		close(pair[0]);
		return -EAGAIN;
	}
	broker.child = child;
	broker.control = pair[0];
	return 0;
}

int broker_start(void)
{
	int code;

	pthread_mutex_lock(&broker.lock);
	code = start_locked();
	pthread_mutex_unlock(&broker.lock);
	return code;
}

void broker_end(void)
{
	pid_t ended = 0;

	pthread_mutex_lock(&broker.lock);
	drop_worker();
	if (broker.child) {
		/* It ends by itself, and takes its worker with it. */
		close(broker.control);
		for (int ms = 0; !ended && ms < BROKER_MS; ms++) {
			ended = waitpid(broker.child, NULL, WNOHANG);
			if (!ended)
				poll(NULL, 0, 1);
		}
		if (!ended)
			kill(broker.child, SIGKILL);
	}
	broker.child = 0;
	pthread_mutex_unlock(&broker.lock);
}

/* Is there something to be received within that time? */
static bool comes(int fd, int ms)
{
	uint64_t end = monotonic_ns() + (uint64_t)ms * 1000000;
	struct pollfd p = {fd, POLLIN, 0};

	for (;;) {
		uint64_t now = monotonic_ns();
		int n = poll(&p, 1, now < end ? (int)((end - now) / 1000000) + 1 : 0);

		if (n >= 0 || errno != EINTR || now >= end)
			return n > 0;
	}
}

/* A worker that waits for requests. */
static int need_worker(void)
{
	struct fresh fresh;
	int fds[2], code = start_locked();

	if (code || broker.worker > 0)
		return code;
	/* The child itself asks nobody for anything: it answers. */
	if (send(broker.control, "", 1, MSG_NOSIGNAL) != 1 || !comes(broker.control, COPY_MS) ||
	    message_receive(broker.control, &fresh, sizeof(fresh), fds, 2) != sizeof(fresh))
		return -EPIPE;
	if (fresh.code)
		return fresh.code;
	broker.worker = fds[0];
	broker.worker_pid = fresh.pid;
	if (fresh.n_stuck >= MAX_STUCK / 2)
		broker.careful_until_ns = monotonic_ns() + CAREFUL_S * 1000000000ull;
	broker.area = mmap(NULL, AREA_BYTES, PROT_READ, MAP_SHARED, fds[1], 0);
	close(fds[1]);
	if (broker.area != MAP_FAILED)
		return 0;
	broker.area = NULL;
	drop_worker();
	return -ENOMEM;
}

/* -- who is held -- */

/* Who is to be held if it hangs: the user of the process, or who named the path. */
static struct held who_serves(const struct broker_request *r)
{
	struct held who = {.user = r->as_user ? r->user : geteuid()};
	char path[32];
	struct stat st;

	if (r->pid) {
		snprintf(path, sizeof(path), "/proc/%d", r->pid);
		who.user = stat(path, &st) ? (uid_t)-1 : st.st_uid;
	}
	if (who.user == 0 || who.user == geteuid())
		who.pid = r->pid;
	return who;
}

static bool is_own(const struct held *who)
{
	return who->user == 0 || who->user == geteuid();
}

/* Is it root's or ours, and of our own user namespace, where nobody else gives out numbers? */
static bool is_no_stranger(const struct held *who)
{
	char path[40];
	struct stat ours, its;

	if (!is_own(who))
		return false;
	snprintf(path, sizeof(path), "/proc/%d/ns/user", who->pid);
	return !who->pid || (!stat("/proc/self/ns/user", &ours) && !stat(path, &its) &&
			     ours.st_ino == its.st_ino);
}

static struct held *held_find(const struct held *who)
{
	for (size_t i = 0; i < broker.n_held; i++)
		if (broker.held[i].user == who->user && broker.held[i].pid == who->pid)
			return &broker.held[i];
	return NULL;
}

static bool is_held(const struct held *who)
{
	const struct held *h = held_find(who);

	return h && monotonic_ns() < h->until_ns;
}

static struct held *held_get(const struct held *who)
{
	struct held *h = held_find(who);

	if (!h && broker.n_held == MAX_HELD) {
		memmove(broker.held, broker.held + 1, sizeof(*h) * (MAX_HELD - 1));
		broker.n_held--;
	}
	if (!h) {
		h = &broker.held[broker.n_held++];
		*h = *who;
	}
	return h;
}

static void hold(const struct held *who)
{
	struct held *h = held_get(who);

	h->s = h->s ? MIN(2 * h->s, (unsigned)MAX_HOLD_S) : FIRST_HOLD_S;
	h->until_ns = monotonic_ns() + h->s * 1000000000ull;
}

/* -- requests -- */

/* Does the worker run, or would, if the machine let it? */
static bool worker_runs(void)
{
	char path[32], text[512];
	const char *state;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", broker.worker_pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	state = strrchr(text, ')');
	return state && state[1] && state[2] == 'R';
}

/* Waits for a sign of life: the time in which the worker waits itself counts. */
static bool answer_comes(int ms, uint64_t *ret_blocked_ns)
{
	const int slice_ms = 20;
	int waited_ms = 0;

	*ret_blocked_ns = 0;
	while (!comes(broker.worker, slice_ms)) {
		if (!worker_runs())
			waited_ms += slice_ms;
		*ret_blocked_ns = (uint64_t)waited_ms * 1000000;
		if (waited_ms >= ms)
			return false;
	}
	return true;
}

/* Waits for the answer, and longer while it is being made. */
static int wait_answer(int ms, struct broker_answer *answer, int *ret_fd, uint64_t *ret_blocked_ns)
{
	uint64_t end = monotonic_ns() + COPY_MS * 1000000ull;

	*ret_fd = -1;
	*ret_blocked_ns = 0;
	do {
		uint64_t blocked_ns;
		bool came = answer_comes(ms, &blocked_ns);

		*ret_blocked_ns += blocked_ns;
		if (!came)
			return -ETIMEDOUT;
		if (message_receive(broker.worker, answer, sizeof(*answer), ret_fd, 1) !=
		    sizeof(*answer))
			return -EPIPE;
		if (answer->code != -EINPROGRESS)
			return 0;
	} while (monotonic_ns() < end);
	return -ETIMEDOUT;
}

static int patience_ms(const struct broker_request *r, const struct held *who)
{
	if (r->what == BROKER_MEMORY)
		return MEMORY_MS;
	return is_own(who) ? OWN_MS : BROKER_MS;
}

/* One who answers, but late, again and again, is held as well: a tenth of the time may be waited
 * for him. */
static void note_wait(const struct held *who, uint64_t ns)
{
	enum { SHARE = 10 };
	const uint64_t most_ns = 400000000;
	uint64_t now = monotonic_ns();
	struct held *h;

	if (ns < 5000000 && !held_find(who))
		return;
	h = held_get(who);
	h->waited_ns -= MIN(h->waited_ns, (now - h->as_of_ns) / SHARE);
	h->waited_ns += ns;
	h->as_of_ns = now;
	if (h->waited_ns < (is_own(who) ? 4 * most_ns : most_ns))
		return;
	h->waited_ns = 0;
	hold(who);
}

/* One request, under the lock. Returns the answer's code. */
static int ask_locked(const struct broker_request *r, int root, struct broker_answer *answer,
		      int *ret_fd)
{
	size_t bytes = offsetof(struct broker_request, path) + strlen(r->path) + 1;
	struct held who = who_serves(r);
	uint64_t blocked_ns = 0;
	int code;

	*ret_fd = -1;
	code = is_held(&who) ? -EBUSY : need_worker();
	if (!code && monotonic_ns() < broker.careful_until_ns && !is_no_stranger(&who))
		code = -EBUSY;
	broker.given_up += code == -EBUSY;
	if (code)
		return code;
	if (message_send(broker.worker, r, bytes, &root, root > 0))
		code = -EPIPE;
	else
		code = wait_answer(patience_ms(r, &who), answer, ret_fd, &blocked_ns);
	if (!code) {
		note_wait(&who, blocked_ns);
		return answer->code;
	}
	drop_worker();
	if (code == -ETIMEDOUT) {
		broker.given_up++;
		hold(&who);
	}
	return code;
}

static int set_path(struct broker_request *r, const char *path)
{
	size_t n = strlen(path);

	if (n >= sizeof(r->path))
		return -ENAMETOOLONG;
	memcpy(r->path, path, n + 1);
	return 0;
}

/* -- what needs no child -- */

/* Files on disks that have answered: only root mounts a block device, and its number is of nothing
 * else. */
static void note_disk(const struct broker_answer *answer)
{
	dev_t disk = answer->st.st_dev;

	if (!answer->is_local || !major(disk))
		return;
	for (size_t i = 0; i < broker.n_disks; i++)
		if (broker.disks[i] == disk)
			return;
	if (broker.n_disks < MAX_DISKS)
		broker.disks[broker.n_disks++] = disk;
}

static bool is_disk(uint32_t device_major, uint32_t device_minor)
{
	for (size_t i = 0; i < broker.n_disks; i++)
		if (broker.disks[i] == makedev(device_major, device_minor))
			return true;
	return false;
}

/* What is in the kernel's memory of paths, and lies on a disk, keeps nobody waiting: a path that
 * would, fails (RESOLVE_CACHED), and so does a file that somebody has leased. -EAGAIN: the child is
 * to be asked. */
static int open_at_once(const struct wanted_file *w, struct opened_file *ret)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_CACHED};
	auto_close int at = -1;
	struct statx st;
	char self[32];

	if (w->as_user || w->root > 0 || (w->raised && geteuid()) || w->no_links ||
	    w->last_no_link || w->path[0] != '/' || strncmp(w->path, "/proc/", 6) == 0)
		return -EAGAIN;
	at = (int)syscall(SYS_openat2, AT_FDCWD, w->path, &how, sizeof(how));
	if (at < 0)
		return errno == ENOENT ? -ENOENT : -EAGAIN;
	if (statx(at, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS, &st) ||
	    !is_disk(st.stx_dev_major, st.stx_dev_minor) || !S_ISREG(st.stx_mode))
		return -EAGAIN;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", at);
	ret->fd = open(self, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (ret->fd < 0)
		return -EAGAIN;
	return fstat(ret->fd, &ret->st) ? -errno : 0;
}

/* With the rights of whom: what root or we have named we open as ourselves. */
static struct wanted_file wanted_by(const struct wanted_file *w)
{
	struct wanted_file ret = *w;

	if (w->user == 0 || w->user == geteuid())
		ret.as_user = false;
	/* What we named ourselves we may read by our own rights, or not at all. */
	if (w->as_user && w->user == geteuid())
		ret.raised = false;
	return ret;
}

int broker_open(const struct wanted_file *wanted, struct opened_file *ret)
{
	const struct wanted_file by = wanted_by(wanted), *w = &by;
	struct broker_request r = {.what = BROKER_OPEN,
				   .pid = w->pid,
				   .user = w->user,
				   .as_user = w->as_user,
				   .raised = w->raised,
				   .no_links = w->no_links,
				   .last_no_link = w->last_no_link};
	struct broker_answer answer;
	int code = set_path(&r, w->path);

	*ret = (struct opened_file){.fd = -1};
	if (code)
		return code;
	code = open_at_once(w, ret);
	if (code != -EAGAIN)
		return code;
	pthread_mutex_lock(&broker.lock);
	code = ask_locked(&r, w->root, &answer, &ret->fd);
	if (!code)
		note_disk(&answer);
	pthread_mutex_unlock(&broker.lock);
	if (code)
		return code;
	ret->is_copy = answer.is_copy;
	ret->st = answer.st;
	return ret->fd < 0 ? -EMFILE : 0;
}

/* Asks until all is there: an answer holds AREA_BYTES. */
static ssize_t ask_bytes(struct broker_request *r, size_t bytes, void *to, struct str *out)
{
	struct broker_answer answer = {0};
	size_t done = 0;
	int code = 0, fd;

	pthread_mutex_lock(&broker.lock);
	while (done < bytes) {
		r->bytes = MIN(bytes - done, (size_t)AREA_BYTES);
		code = ask_locked(r, 0, &answer, &fd);
		if (fd >= 0)
			close(fd);
		if (code || answer.bytes > r->bytes)
			break;
		if (to)
			memcpy((uint8_t *)to + done, broker.area, answer.bytes);
		else
			str_add(out, broker.area, answer.bytes);
		done += answer.bytes;
		r->address += answer.bytes;
		if (answer.bytes < r->bytes)
			break;
	}
	pthread_mutex_unlock(&broker.lock);
	return code && !done ? code : (ssize_t)done;
}

int broker_read(pid_t pid, const char *path, size_t max, struct str *out)
{
	struct broker_request r = {.what = BROKER_READ, .pid = pid, .raised = true};
	int code = set_path(&r, path);
	ssize_t n;

	if (code)
		return code;
	n = ask_bytes(&r, max + 1, NULL, out);
	if (n < 0)
		return (int)n;
	return (size_t)n > max ? -EFBIG : 0;
}

ssize_t broker_memory(pid_t pid, uint64_t address, void *to, size_t bytes)
{
	struct broker_request r = {
		.what = BROKER_MEMORY, .pid = pid, .raised = true, .address = address};

	return ask_bytes(&r, bytes, to, NULL);
}

double broker_cpu_s(void)
{
	double sum;

	pthread_mutex_lock(&broker.lock);
	sum = broker.dropped_s + cpu_s(broker.child) + cpu_s(broker.worker_pid);
	pthread_mutex_unlock(&broker.lock);
	return sum;
}

uint64_t broker_given_up(void)
{
	return broker.given_up;
}
