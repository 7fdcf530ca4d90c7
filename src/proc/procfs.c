/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small facts from /proc and /sys. */
#include "proc/procfs.h"

#include "base/authority.h"
#include "base/broker.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

void cpu_list_release(struct cpu_list *l)
{
	free(l->cpus);
	*l = (struct cpu_list){0};
}

/* One number or range of the list; marks its CPUs. */
static bool mark_range(char *range, bool *on)
{
	char *dash = strchr(range, '-');
	uint64_t first, last;

	if (dash)
		*dash = '\0';
	if (!parse_u64(range, MAX_CPUS - 1, &first))
		return false;
	last = first;
	if (dash && !parse_u64(dash + 1, MAX_CPUS - 1, &last))
		return false;
	for (uint64_t cpu = first; cpu <= last; cpu++)
		on[cpu] = true;
	return first <= last;
}

bool cpu_list_parse(const char *text, struct cpu_list *ret)
{
	auto_free char *copy = mem_strdup(text);
	bool on[MAX_CPUS] = {0};
	char *save = NULL;

	*ret = (struct cpu_list){0};
	copy[strcspn(copy, "\n")] = '\0';
	if (!*copy || copy[strlen(copy) - 1] == ',' || copy[0] == ',')
		return false;
	for (char *r = strtok_r(copy, ",", &save); r; r = strtok_r(NULL, ",", &save))
		if (!mark_range(r, on))
			return false;
	ret->cpus = mem_array(MAX_CPUS, sizeof(*ret->cpus));
	for (int cpu = 0; cpu < MAX_CPUS; cpu++)
		if (on[cpu])
			ret->cpus[ret->n++] = cpu;
	ret->cpus = mem_resize(ret->cpus, ret->n, sizeof(*ret->cpus));
	return true;
}

bool cpu_list_has(const struct cpu_list *l, int cpu)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->cpus[i] == cpu)
			return true;
	return false;
}

int cpu_list_online(struct cpu_list *ret)
{
	struct str text auto_release(str_release) = {0};
	int code = file_read("/sys/devices/system/cpu/online", 65536, &text);

	if (code)
		return code;
	return cpu_list_parse(text.text, ret) ? 0 : -EBADMSG;
}

/* A small file of a process, of those that ask nobody else. */
static int proc_read(const char *path, size_t max, struct str *out)
{
	with_authority(PROCESS);

	return file_read(path, max, out);
}

/* Visits the entries of a folder that are numbers. */
static int numbers_each(const char *path, void (*visit)(void *ctx, pid_t id), void *ctx)
{
	with_authority(PROCESS);
	DIR *dir = opendir(path);
	struct dirent *e;
	uint64_t id;

	if (!dir)
		return -errno;
	while ((e = readdir(dir)))
		if (parse_u64(e->d_name, INT32_MAX, &id))
			visit(ctx, (pid_t)id);
	closedir(dir);
	return 0;
}

int processes_each(void (*visit)(void *ctx, pid_t pid), void *ctx)
{
	return numbers_each("/proc", visit, ctx);
}

/* /proc/ID exists for threads as well; only a process lists itself as its own thread group. */
pid_t thread_group(pid_t tid)
{
	struct str text auto_release(str_release) = {0};
	char path[64], *line;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	if (proc_read(path, 65536, &text))
		return -1;
	line = strstr(text.text, "\nTgid:");
	return line ? (pid_t)strtol(line + 6, NULL, 10) : -1;
}

/* Both without a descriptor: there may be none left. Signal 0 is none, and goes to a thread of its
 * own process only. */
bool process_exists(pid_t pid)
{
	return pid > 0 && (!syscall(SYS_tgkill, pid, pid, 0) || errno != ESRCH);
}

bool thread_exists(pid_t tid)
{
	return tid > 0 && (getpgid(tid) >= 0 || errno != ESRCH);
}

int threads_each(pid_t pid, void (*visit)(void *ctx, pid_t tid), void *ctx)
{
	auto_free char *path = mem_printf("/proc/%d/task", pid);

	return numbers_each(path, visit, ctx);
}

static void look_for_children(void *found, pid_t tid)
{
	struct str text auto_release(str_release) = {0};
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", tid, tid);
	*(bool *)found |= !proc_read(path, 1 << 20, &text) && text.len;
}

bool process_has_children(pid_t pid)
{
	bool found = false;

	threads_each(pid, look_for_children, &found);
	return found;
}

bool thread_runtime(pid_t tid, uint64_t *ret_ns)
{
	struct str text auto_release(str_release) = {0};
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/schedstat", tid);
	if (proc_read(path, 256, &text) || !text.len)
		return false;
	*ret_ns = strtoull(text.text, NULL, 10);
	return true;
}

/* The text behind `key` in /proc/PID/status (heap), NULL when there is none. */
static char *status_field(pid_t pid, const char *key)
{
	auto_free char *path = mem_printf("/proc/%d/status", pid);
	struct str text auto_release(str_release) = {0};
	const char *at;

	if (proc_read(path, 1 << 16, &text))
		return NULL;
	at = strstr(text.text, key);
	if (!at)
		return NULL;
	at += strlen(key);
	return strndup(at, strcspn(at, "\n"));
}

static bool has_ended(pid_t tid)
{
	auto_free char *state = status_field(tid, "\nState:\t");

	return !state || *state == 'Z' || *state == 'X';
}

static void look_for_living(void *found, pid_t tid)
{
	pid_t *living = found;

	if (!*living && !has_ended(tid))
		*living = tid;
}

pid_t process_live_thread(pid_t pid)
{
	auto_free char *path = mem_printf("/proc/%d/task", pid);
	pid_t found = 0;
	struct stat st;

	/* The folder's links are its own two and one a thread: most have no other. */
	if ((!stat(path, &st) && st.st_nlink <= 3) || !has_ended(pid))
		return pid;
	numbers_each(path, look_for_living, &found);
	return found ? found : pid;
}

bool process_user(pid_t pid, uid_t *ret)
{
	with_authority(PROCESS);
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d", pid);
	if (stat(path, &st))
		return false;
	*ret = st.st_uid;
	return true;
}

/* Are the pages there, as far as is known without asking for them? */
static bool is_resident(pid_t pid, uint64_t address, size_t bytes)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), present = 1ull << 63;
	auto_free char *path = mem_printf("/proc/%d/pagemap", pid);
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t entry;

	for (uint64_t at = address / page; at <= (address + bytes - 1) / page; at++)
		if (pread(fd, &entry, sizeof(entry), (off_t)(at * sizeof(entry))) !=
			    sizeof(entry) ||
		    !(entry & present))
			return false;
	return bytes > 0;
}

/* What only an ancestor may read (Yama), of a command that we have started: pages that are there.
 */
static ssize_t read_as_parent(pid_t pid, uint64_t address, void *to, size_t bytes)
{
	struct iovec local = {to, bytes}, remote = {(void *)(uintptr_t)address, bytes};

	if (authority_permitted() || !is_resident(pid, address, bytes))
		return -EPERM;
	return process_vm_readv(pid, &local, 1, &remote, 1, 0);
}

size_t process_read(pid_t pid, uint64_t address, void *to, size_t bytes)
{
	ssize_t n = broker_memory(pid, address, to, bytes);
	pid_t live;

	if (n == -EPERM)
		n = read_as_parent(pid, address, to, bytes);
	/* Its main thread may have ended. */
	if (n < 0 && n != -EBUSY && n != -ETIMEDOUT) {
		live = process_live_thread(pid);
		n = live == pid ? n : broker_memory(live, address, to, bytes);
	}
	return n < 0 ? 0 : (size_t)n;
}

pid_t process_inner_pid(pid_t pid)
{
	auto_free char *pids = status_field(pid, "\nNSpid:");
	const char *last = pids ? strrchr(pids, '\t') : NULL;

	return last ? (pid_t)atoi(last + 1) : -1;
}

int process_root(pid_t pid)
{
	auto_free char *path = mem_printf("/proc/%d/root", process_live_thread(pid));
	with_authority(PROCESS);
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

bool process_has_our_mounts(pid_t pid)
{
	with_authority(PROCESS);
	auto_free char *path = mem_printf("/proc/%d/ns/mnt", process_live_thread(pid));
	struct stat ours, its;

	return !stat("/proc/self/ns/mnt", &ours) && !stat(path, &its) &&
	       ours.st_dev == its.st_dev && ours.st_ino == its.st_ino;
}

int64_t process_started_s(pid_t pid)
{
	auto_free char *path = mem_printf("/proc/%d/stat", pid);
	struct str text auto_release(str_release) = {0};
	unsigned long long ticks = 0;
	const char *at;

	if (proc_read(path, 4096, &text))
		return -1;
	/* The name, in brackets, may hold anything; the 20th field behind it counts from boot. */
	at = strrchr(text.text, ')');
	if (!at || sscanf(at + 1,
			  " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
			  "%*d %*d %llu",
			  &ticks) != 1)
		return -1;
	return (int64_t)(clock_ns(CLOCK_REALTIME) / 1000000000) -
	       (int64_t)(clock_ns(CLOCK_BOOTTIME) / 1000000000) +
	       (int64_t)(ticks / (unsigned long long)sysconf(_SC_CLK_TCK));
}

bool pid_namespace_is_initial(void)
{
	/* PROC_PID_INIT_INO of include/linux/proc_ns.h */
	const ino_t initial = 0xEFFFFFFC;
	struct stat st;

	return stat("/proc/self/ns/pid", &st) != 0 || st.st_ino == initial;
}

int user_find(const char *name, uid_t *ret_uid, struct err *err)
{
	struct passwd *pw;
	uint64_t number;

	if (parse_u64(name, UINT32_MAX - 1, &number)) {
		*ret_uid = (uid_t)number;
		return 0;
	}
	pw = getpwnam(name);
	if (!pw) {
		err_usage(err, "no user named '%s'", name);
		return err_cure(err, "give a name of 'getent passwd' or a number");
	}
	*ret_uid = pw->pw_uid;
	return 0;
}

bool cpu_is_online(int cpu)
{
	struct cpu_list now = {0};
	bool online = cpu_list_online(&now) || cpu_list_has(&now, cpu);

	cpu_list_release(&now);
	return online;
}
