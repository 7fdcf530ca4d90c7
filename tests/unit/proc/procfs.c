/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPU lists, processes, cgroups. */
#include "unit/test.h"

#include "base/mem.h"
#include "proc/cgroup.h"
#include "proc/pmaps.h"
#include "proc/procfs.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void parses_cpu_lists(void **state)
{
	static const char *const bad[] = {"",  ",",  "0,", ",1",   "3-1",
					  "a", "0-", "-1", "8192", "0-99999"};
	struct cpu_list l;

	(void)state;
	assert_true(cpu_list_parse("0-2,8,1\n", &l));
	assert_int_equal(l.n, 4);
	assert_int_equal(l.cpus[3], 8);
	assert_true(cpu_list_has(&l, 2));
	assert_false(cpu_list_has(&l, 3));
	cpu_list_release(&l);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(cpu_list_parse(bad[i], &l));
}

static void knows_processes(void **state)
{
	(void)state;
	assert_true(process_exists(getpid()));
	assert_int_equal(thread_group(getpid()), getpid());
	assert_false(process_exists(1 << 30));
	assert_false(process_exists(-5));
	assert_int_equal(thread_group(1 << 30), -1);
}

static void *wait_forever(void *none)
{
	for (;;)
		pause();
	return none;
}

static void count_map(void *n, const struct pmap *map)
{
	(void)map;
	++*(int *)n;
}

/* A process whose main thread has ended is read by another of its threads. */
static void a_main_thread_may_end(void **state)
{
	pid_t child = fork(), live;
	pthread_t thread;
	int maps = 0;

	(void)state;
	if (!child) {
		pthread_create(&thread, NULL, wait_forever, NULL);
		pthread_exit(NULL);
	}
	assert_int_equal(process_live_thread(getpid()), getpid());
	for (live = child; live == child; live = process_live_thread(child))
		usleep(1000);
	assert_int_equal(thread_group(live), child);
	assert_int_equal(pmaps_read(child, count_map, &maps), 0);
	assert_true(maps > 3);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_int_equal(process_live_thread(child), child);
}

static void finds_the_cgroup2_mount(void **state)
{
	static const char text[] =
		"24 1 0:22 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
		"25 24 0:23 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
		"26 24 0:24 / /sys/fs/cgroup/with\\040blank rw,x shared:3 - cgroup2 cgroup2 rw\n";
	char *path = cgroup_mount_find(text);

	(void)state;
	assert_string_equal(path, "/sys/fs/cgroup/with blank");
	free(path);
	assert_null(cgroup_mount_find("24 1 0:22 / /x rw - tmpfs tmpfs rw\n"));
	assert_null(cgroup_mount_find(" - cgroup2 \n"));
}

TESTS(T(parses_cpu_lists), T(knows_processes), T(a_main_thread_may_end), T(finds_the_cgroup2_mount))
