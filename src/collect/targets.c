/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is to be sampled. */
#include "collect/targets.h"

#include "base/io.h"
#include "base/mem.h"
#include "proc/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

void targets_init(struct targets *t)
{
	*t = (struct targets){.cgroup_fd = -1};
}

void targets_release(struct targets *t)
{
	free(t->processes);
	cpu_list_release(&t->cpus);
	if (t->cgroup_fd >= 0)
		close(t->cgroup_fd);
	targets_init(t);
}

static void targets_add_process(struct targets *t, pid_t pid)
{
	array_reserve(t->processes, t->cap_processes, t->n_processes + 1);
	t->processes[t->n_processes++] = pid;
}

static int find_tasks(struct targets *t, const struct recording_options *o, struct err *err)
{
	for (size_t i = 0; i < o->n_pids; i++) {
		if (!process_exists(o->pids[i])) {
			err_set(err, 0, "no process with pid %d", o->pids[i]);
			return err_cure(
				err, thread_exists(o->pids[i])
					     ? "it is a thread: use -t"
					     : "it may have ended; 'ps -e' lists those that run");
		}
		targets_add_process(t, o->pids[i]);
	}
	for (size_t i = 0; i < o->n_tids; i++) {
		if (!thread_exists(o->tids[i])) {
			err_set(err, 0, "no thread with tid %d", o->tids[i]);
			return err_cure(err, "it may have ended; 'ps -eL' lists those that run");
		}
		targets_add_process(t, thread_group(o->tids[i]));
	}
	return 0;
}

static int find_cgroup(struct targets *t, const char *path, struct err *err)
{
	auto_free char *directory = NULL;
	struct stat st;

	if (cgroup_find(path, &directory, err))
		return err->code;
	t->cgroup_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->cgroup_fd < 0 || fstat(t->cgroup_fd, &st))
		return err_set(err, -errno, "cannot open %s", directory);
	t->cgroup_id = st.st_ino;
	return 0;
}

int targets_find(struct targets *t, const struct recording_options *o, struct err *err)
{
	t->by_task = o->n_pids || o->n_tids || (o->command && !o->command_is_clock);
	if (find_tasks(t, o, err) || (o->user && user_find(o->user, &t->uid, err)) ||
	    (o->cgroup && find_cgroup(t, o->cgroup, err)))
		return err->code;
	if (o->cpus && !cpu_list_parse(o->cpus, &t->cpus)) {
		err_usage(err, "-C %s: not a list of CPUs", o->cpus);
		return err_cure(err, "numbers and ranges, as in 0-3,8");
	}
	return 0;
}

int targets_check_namespace(struct err *err)
{
	if (pid_namespace_is_initial())
		return 0;
	err_set(err, -EPERM,
		"this is a container: pids here are not those that the kernel reports");
	return err_cure(err, "run cprof on the host, or in a container with --pid=host");
}

int targets_add(struct targets *t, const struct recording_options *o, struct sources *sources,
		pid_t command, struct err *err)
{
	for (size_t i = 0; i < o->n_pids; i++)
		if (sources_add_task(sources, TARGET_PROCESS, o->pids[i], err))
			return err->code;
	for (size_t i = 0; i < o->n_tids; i++)
		if (sources_add_task(sources, TARGET_THREAD, o->tids[i], err))
			return err->code;
	if (!command || o->command_is_clock)
		return 0;
	targets_add_process(t, command);
	return sources_add_task(sources, TARGET_COMMAND, command, err);
}

bool targets_by_task(const struct targets *t)
{
	return t->by_task;
}

static void name_process(pid_t pid, char *buf, size_t size)
{
	struct str text auto_release(str_release) = {0};
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	if (file_read(path, 256, &text))
		text.len = 0;
	snprintf(buf, size, "process %d (%.*s)", pid, text.len ? (int)text.len - 1 : 0,
		 text.len ? text.text : "");
}

void targets_title(const struct targets *t, const struct recording_options *o, char *buf,
		   size_t size)
{
	if (o->command && !o->command_is_clock)
		snprintf(buf, size, "%s", o->command[0]);
	else if (o->n_pids == 1 && !o->n_tids)
		name_process(o->pids[0], buf, size);
	else if (t->by_task)
		snprintf(buf, size, "%zu tasks", o->n_pids + o->n_tids);
	else if (o->cgroup)
		snprintf(buf, size, "cgroup %s", o->cgroup);
	else if (o->user)
		snprintf(buf, size, "user %s", o->user);
	else
		snprintf(buf, size, "the whole machine");
}
