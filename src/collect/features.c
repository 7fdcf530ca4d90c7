/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this machine has of what profiling needs. */
#include "collect/features.h"

#include "base/authority.h"
#include "base/cache.h"
#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "collect/kernel.h"
#include "collect/libbpf_log.h"
#include "collect/perf.h"
#include "collect/probe.h"
#include "collect/refusal.h"
#include "collect/snapshot.h"
#include "collect/sources.h"
#include "proc/cgroup.h"
#include "proc/privileges.h"
#include "proc/procfs.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

enum { LEAST_RING_KB = 516 };

/* One number or word of a file; false: it cannot be read. */
static bool read_word(const char *path, char *buf, size_t size)
{
	struct str text auto_release(str_release) = {0};

	if (file_read(path, 4096, &text) || !text.len)
		return false;
	text.text[strcspn(text.text, "\n")] = '\0';
	snprintf(buf, size, "%s", text.text);
	return true;
}

/* -- privileges -- */

/* Without privileges it is not known whether the kernel has something. */
static bool may_try(struct str *found, struct str *cure)
{
	if (privileges_have_bpf())
		return true;
	str_puts(found, "not tried: it takes privileges");
	str_puts(cure, privileges_setcap);
	return false;
}

static bool feature_privileges(struct str *found, struct str *cure)
{
	struct str missing auto_release(str_release) = {0};
	bool all = privileges_missing(&missing);

	if (all)
		str_puts(found, geteuid() ? "by capabilities" : "root");
	else
		str_printf(found, "missing %s", missing.text);
	str_puts(cure, privileges_setcap);
	return all;
}

/* -- BPF -- */

static bool feature_btf(struct str *found, struct str *cure)
{
	struct utsname name;
	bool there = access("/sys/kernel/btf/vmlinux", R_OK) == 0;

	uname(&name);
	str_printf(found, "Linux %s%s", name.release,
		   there ? "" : " was built without, or does not show it");
	str_puts(cure, "a kernel with CONFIG_DEBUG_INFO_BTF=y: Debian 11, Ubuntu 20.10, RHEL 8.2 "
		       "and later have it");
	return there;
}

/* Is the series of this kernel, "6.1", one that we were run on? */
static bool feature_kernel(struct str *found, struct str *cure)
{
	static const char *const all[] = {
#define KERNEL(series) series,
#include "collect/kernels.def"
#undef KERNEL
	};
	struct utsname name;
	char series[32];
	unsigned major = 0, minor = 0;
	bool there = false;

	uname(&name);
	sscanf(name.release, "%u.%u", &major, &minor);
	snprintf(series, sizeof(series), "%u.%u", major, minor);
	str_printf(found, "Linux %s; run on:", series);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		str_printf(found, " %s", all[i]);
		there |= str_equal(all[i], series);
	}
	str_puts(cure, "");
	return there;
}

static bool feature_sampling(struct str *found, struct str *cure)
{
	struct event cpu = {.source = SOURCE_sampler};
	const struct source_env env = {
		.events = &cpu, .n_events = 1, .by_task = true, .by_tables = true};
	struct source_program programs[MAX_SOURCE_PROGRAMS];
	struct kernel_options o = {.programs = programs};
	struct err err = {0};
	struct kernel *k;

	if (!may_try(found, cure))
		return false;
	o.n_programs = sources_programs(&env, programs);
	o.config.max_depth = 1;
	o.config.user_stacks = o.config.kernel_stacks = o.config.by_tables = true;
	k = kernel_new(&o, NULL, &err);
	if (k)
		str_printf(found, "they load and attach (%s)", kernel_way(k));
	else
		str_puts(found, err.what);
	str_puts(cure, err.cure);
	kernel_free(k);
	return k;
}

static bool feature_threads(struct str *found, struct str *cure)
{
	struct err err = {0};
	struct snapshotter *s;

	if (!may_try(found, cure))
		return false;
	s = snapshotter_new(&err);
	str_puts(found, s ? "the iterator over threads loads" : err.what);
	str_puts(cure, err.cure);
	snapshotter_free(s);
	return s;
}

/* Of a kind of map: can it be made? A kernel that does not know it says EINVAL. */
static bool feature_map(int code, const char *since, struct str *found, struct str *cure)
{
	struct err err = {0};

	if (!code || code == -EINVAL) {
		str_puts(found, code ? "this kernel has none" : "it can be made");
		str_puts(cure, since);
		return !code;
	}
	refusal_explain(code, "", &err);
	str_puts(found, err.what);
	str_puts(cure, err.cure);
	return false;
}

static bool feature_ring(struct str *found, struct str *cure)
{
	return may_try(found, cure) && feature_map(probe_ring(), "Linux 5.8 or later", found, cure);
}

static bool feature_arena(struct str *found, struct str *cure)
{
	return may_try(found, cure) &&
	       feature_map(probe_arena(), "Linux 6.9 or later", found, cure);
}

static bool feature_statistics(struct str *found, struct str *cure)
{
	with_authority(BPF);
	char enabled[16] = "0";
	int fd;

	str_puts(cure, "as root: sysctl kernel.bpf_stats_enabled=1");
	read_word("/proc/sys/kernel/bpf_stats_enabled", enabled, sizeof(enabled));
	fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (fd >= 0)
		close(fd);
	if (fd < 0 && *enabled != '1') {
		str_puts(found, "they are off, and to have them on takes root");
		return false;
	}
	str_puts(found, "the kernel measures");
	return true;
}

/* -- the kernel's settings -- */

static bool feature_host(struct str *found, struct str *cure)
{
	bool host = pid_namespace_is_initial();

	str_puts(found, host ? "pids are the kernel's" : "this is a pid namespace of its own");
	str_puts(cure, "run cprof on the host, or the container with --pid=host");
	return host;
}

static bool feature_lockdown(struct str *found, struct str *cure)
{
	char mode[128];

	if (!read_word("/sys/kernel/security/lockdown", mode, sizeof(mode)))
		snprintf(mode, sizeof(mode), "no lockdown");
	str_puts(found, mode);
	str_puts(cure, "boot without lockdown=confidentiality");
	return !privileges_lockdown_is_confidential();
}

static bool feature_pmu(struct str *found, struct str *cure)
{
	const struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE,
		.config = PERF_COUNT_HW_CPU_CYCLES,
		.size = sizeof(attr),
		.disabled = 1,
		.exclude_kernel = 1,
	};
	int fd = perf_open(&attr, 0, -1);

	if (fd >= 0)
		close(fd);
	if (fd >= 0)
		str_puts(found, "cycles can be counted");
	else
		str_printf(found, "none here (%s)", strerror(-fd));
	str_puts(cure, "in a virtual machine: have its host pass the counters on (vPMU)");
	return fd >= 0;
}

static bool feature_kernel_names(struct str *found, struct str *cure)
{
	struct str text auto_release(str_release) = {0};
	with_authority(KERNEL_NAMES);
	int fd = open("/proc/kallsyms", O_RDONLY | O_CLOEXEC);
	bool shown = fd >= 0 && !fd_read_head(fd, 4096, &text) && text.len &&
		     strspn(text.text, "0") < 16;

	if (fd >= 0)
		close(fd);
	str_puts(found,
		 shown ? "the kernel shows its addresses" : "the kernel hides its addresses");
	str_puts(cure, "as root: sysctl kernel.kptr_restrict=0, and cap_syslog");
	return shown;
}

static bool feature_paranoid(struct str *found, struct str *cure)
{
	char level[16] = "?";

	read_word("/proc/sys/kernel/perf_event_paranoid", level, sizeof(level));
	str_printf(found, "kernel.perf_event_paranoid is %s", level);
	str_puts(cure, "as root: sysctl kernel.perf_event_paranoid=2");
	return atoi(level) <= 2 && *level != '?';
}

static bool feature_ring_memory(struct str *found, struct str *cure)
{
	char kb[16] = "0";

	read_word("/proc/sys/kernel/perf_event_mlock_kb", kb, sizeof(kb));
	str_printf(found, "kernel.perf_event_mlock_kb is %s", kb);
	str_printf(cure, "as root: sysctl kernel.perf_event_mlock_kb=%d", LEAST_RING_KB);
	return atoi(kb) >= LEAST_RING_KB;
}

static bool feature_cgroups(struct str *found, struct str *cure)
{
	auto_free char *mount = cgroup_mount();

	str_puts(found, mount ? mount : "not mounted");
	str_puts(cure, "as root: mount -t cgroup2 none /sys/fs/cgroup");
	return mount;
}

/* -- files -- */

static bool feature_cache(struct str *found, struct str *cure)
{
	struct cache *cache = cache_new(NULL);
	const char *directory = cache_directory(cache);
	bool there = directory && access(directory, W_OK) == 0;

	str_puts(found, directory ? directory : "there is no place for it");
	str_puts(cure, "make it a directory of yours, or set XDG_CACHE_HOME");
	cache_free(cache);
	return there;
}

static bool feature_debuginfod(struct str *found, struct str *cure)
{
	const char *urls = getenv("DEBUGINFOD_URLS");

	str_puts(found, urls && *urls ? urls : "no server is set");
	str_puts(cure, "export DEBUGINFOD_URLS=https://debuginfod.elfutils.org/ and record with "
		       "--debuginfod");
	return urls && *urls;
}

static const struct feature features[] = {
#define FEATURE(id, name, weight, without) {#id, name, FEATURE_##weight, feature_##id, without},
#include "collect/features.def"
#undef FEATURE
};

const struct feature *feature_at(size_t i)
{
	if (i == 0)
		libbpf_log();
	return i < ARRAY_SIZE(features) ? &features[i] : NULL;
}
