/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small facts from /proc and /sys. */
#include "proc/procfs.h"

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

int processes_each(void (*visit)(void *ctx, pid_t pid), void *ctx)
{
	DIR *dir = opendir("/proc");
	struct dirent *e;
	uint64_t pid;

	if (!dir)
		return -errno;
	while ((e = readdir(dir)))
		if (parse_u64(e->d_name, INT32_MAX, &pid))
			visit(ctx, (pid_t)pid);
	closedir(dir);
	return 0;
}

/* /proc/ID exists for threads as well; only a process lists itself as its own thread group. */
pid_t thread_group(pid_t tid)
{
	struct str text auto_release(str_release) = {0};
	char path[64], *line;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	if (file_read(path, 65536, &text))
		return -1;
	line = strstr(text.text, "\nTgid:");
	return line ? (pid_t)strtol(line + 6, NULL, 10) : -1;
}

bool process_exists(pid_t pid)
{
	return pid > 0 && thread_group(pid) == pid;
}

bool thread_exists(pid_t tid)
{
	return tid > 0 && thread_group(tid) > 0;
}

/* The text behind `key` in /proc/PID/status (heap), NULL when there is none. */
static char *status_field(pid_t pid, const char *key)
{
	auto_free char *path = mem_printf("/proc/%d/status", pid);
	struct str text auto_release(str_release) = {0};
	const char *at;

	if (file_read(path, 1 << 16, &text))
		return NULL;
	at = strstr(text.text, key);
	if (!at)
		return NULL;
	at += strlen(key);
	return strndup(at, strcspn(at, "\n"));
}

pid_t process_inner_pid(pid_t pid)
{
	auto_free char *pids = status_field(pid, "\nNSpid:");
	const char *last = pids ? strrchr(pids, '\t') : NULL;

	return last ? (pid_t)atoi(last + 1) : -1;
}

int process_root(pid_t pid)
{
	auto_free char *path = mem_printf("/proc/%d/root", pid);
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int64_t process_started_s(pid_t pid)
{
	auto_free char *path = mem_printf("/proc/%d/stat", pid);
	struct str text auto_release(str_release) = {0};
	unsigned long long ticks = 0;
	const char *at;

	if (file_read(path, 4096, &text))
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
