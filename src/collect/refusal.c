/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why the kernel does not load BPF programs. */
#include "collect/refusal.h"

#include "abi/records.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "collect/probe.h"
#include "proc/privileges.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>

/* The largest log that every kernel takes (UINT_MAX >> 8). */
enum { LOG_BYTES = (16 << 20) - 1, LAST_LINE_BYTES = 160, LINE_BYTES = 1000 };

struct refused {
	int code;
	const char *log;
};

static int try_small_map(void)
{
	return probe_map(BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0);
}

static bool is_permission(int code)
{
	return code == -EPERM || code == -EACCES;
}

/* -- the reasons; each returns false when it is another one -- */

static bool refusal_no_btf(const struct refused *r, struct err *err)
{
	struct stat st;

	(void)r;
	if (stat("/sys/kernel/btf/vmlinux", &st) == 0)
		return false;
	err_set(err, 0, "this kernel has no type information (/sys/kernel/btf/vmlinux): %s",
		strerror(errno));
	err_cure(err, "boot a kernel built with CONFIG_DEBUG_INFO_BTF=y (Debian 11, Ubuntu 20.10, "
		      "RHEL 8.2 and later have it)");
	return true;
}

static bool refusal_privileges(const struct refused *r, struct err *err)
{
	struct str missing auto_release(str_release) = {0};

	if (!is_permission(r->code) || privileges_have_bpf())
		return false;
	if (geteuid()) {
		err_set(err, r->code, "may not load BPF programs");
		err_cure(err, "run it as root (sudo cprof ...), or give it the capabilities: %s",
			 privileges_setcap);
		return true;
	}
	privileges_missing(&missing);
	err_set(err, 0, "this root lacks %s, as in a container, which BPF programs take",
		missing.text ? missing.text : "capabilities");
	err_cure(err, "give the container these capabilities (docker run --privileged --pid=host "
		      "...), or run cprof on the host");
	return true;
}

static bool refusal_namespace(const struct refused *r, struct err *err)
{
	if (!is_permission(r->code) || !privileges_are_of_namespace())
		return false;
	err_set(err, 0,
		"the capabilities here are those of a user namespace, which the kernel does not "
		"accept for BPF");
	err_cure(err, "run cprof outside of it (a rootless container's host), as root there");
	return true;
}

static bool refusal_lockdown(const struct refused *r, struct err *err)
{
	(void)r;
	if (!privileges_lockdown_is_confidential())
		return false;
	err_set(err, 0,
		"the kernel is locked down (confidentiality): its BPF programs may not read "
		"memory");
	err_cure(err, "boot it without lockdown=confidentiality (integrity will do); until then "
		      "cprof samples by perf: -p PID, or -- COMMAND");
	return true;
}

static bool refusal_seccomp(const struct refused *r, struct err *err)
{
	(void)r;
	if (!privileges_are_filtered() || !try_small_map())
		return false;
	err_set(err, 0, "a seccomp filter forbids the bpf() system call");
	err_cure(err, "docker: --security-opt seccomp=unconfined, or a profile that allows bpf and "
		      "perf_event_open; systemd: SystemCallFilter=bpf perf_event_open");
	return true;
}

static bool refusal_no_bpf(const struct refused *r, struct err *err)
{
	if (r->code != -ENOSYS)
		return false;
	err_set(err, r->code, "this kernel has no BPF");
	err_cure(err, "boot a kernel built with CONFIG_BPF_SYSCALL=y, 5.10 or later");
	return true;
}

/* Kernels before 5.11 count maps as locked memory, of which others than root have 64 KiB. */
static bool refusal_memlock(const struct refused *r, struct err *err)
{
	struct rlimit limit;

	if (r->code != -EPERM || getrlimit(RLIMIT_MEMLOCK, &limit) ||
	    limit.rlim_cur == RLIM_INFINITY || try_small_map() ||
	    probe_map(BPF_MAP_TYPE_RINGBUF, 0, 0, RING_BYTES, 0) != -EPERM)
		return false;
	err_set(err, 0,
		"the limit of locked memory, %llu KiB, has no room for BPF maps (kernels before "
		"5.11 count them)",
		(unsigned long long)limit.rlim_cur / 1024);
	err_cure(err, "ulimit -l unlimited (as root; systemd: LimitMEMLOCK=infinity), or add "
		      "cap_sys_resource to the capabilities of cprof's file");
	return true;
}

/* libbpf may have tried something else since, and say that: is there no room for the kernel's type
 * information? */
static bool refusal_memory(const struct refused *r, struct err *err)
{
	if (r->code != -ENOMEM &&
	    ((r->code != -EINVAL && r->code != -ESRCH) || !limits_leave_no_memory()))
		return false;
	err_set(err, -ENOMEM, "the BPF programs could not be loaded");
	err_cure(err, "free some memory, or let this cgroup have more");
	return true;
}

/* The same of open files. */
static bool refusal_files(const struct refused *r, struct err *err)
{
	enum { NEEDED = 64 };
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) ||
	    (r->code != -EMFILE && (r->code != -EINVAL || limit.rlim_cur >= NEEDED)))
		return false;
	err_set(err, -EMFILE, "no more than %llu files may be open at once",
		(unsigned long long)limit.rlim_cur);
	return true;
}

/* Neither capabilities nor filters explain it. */
static bool refusal_forbidden(const struct refused *r, struct err *err)
{
	int small = is_permission(r->code) ? try_small_map() : 0;

	if (!small)
		return false;
	err_set(err, small, "may not use BPF, though the capabilities for it are there");
	err_cure(err, "a security module (SELinux, AppArmor) or the hypervisor forbids it: its log "
		      "says more (dmesg, journalctl -k)");
	return true;
}

static bool refusal_too_old(const struct refused *r, struct err *err)
{
	struct utsname name;

	(void)r;
	if (probe_ring() != -EINVAL)
		return false;
	uname(&name);
	err_set(err, 0, "this kernel (%s) is too old: it has no BPF ring buffer", name.release);
	err_cure(err, "Linux 5.10 or later is needed");
	return true;
}

/* Verifiers have said it in three ways: "unknown func bpf_x#1", "invalid func unknown#158",
 * "program of this type cannot use helper bpf_x#1". */
static bool refusal_helper(const struct refused *r, struct err *err)
{
	static const char *const words[] = {"unknown func ", "invalid func ",
					    "program of this type cannot use helper "};
	static const struct {
		int number;
		const char *name;
	} later[] = {{BPF_FUNC_get_current_task_btf, "get_current_task_btf"},
		     {BPF_FUNC_snprintf, "snprintf"},
		     {BPF_FUNC_task_pt_regs, "task_pt_regs"},
		     {BPF_FUNC_copy_from_user_task, "copy_from_user_task"}};
	const char *at = NULL, *hash;
	char name[64] = "";
	int number;

	for (size_t i = 0; i < ARRAY_SIZE(words) && !at; i++) {
		at = strstr(r->log, words[i]);
		at = at ? at + strlen(words[i]) : NULL;
	}
	hash = at ? strchr(at, '#') : NULL;
	if (!hash || sscanf(at, "%63[a-z0-9_]", name) != 1 || sscanf(hash, "#%d", &number) != 1)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(later); i++)
		if (later[i].number == number)
			snprintf(name, sizeof(name), "bpf_%s", later[i].name);
	err_set(err, 0, "this kernel has no %s() for such BPF programs", name);
	err_cure(err, "a later Linux has it; 'cprof doctor' shows what works here");
	return true;
}

/* The last line that says why: behind it come only figures. */
static void last_line(const char *log, char *buf, size_t size)
{
	const char *end = log + strlen(log), *line;

	*buf = '\0';
	while (end > log) {
		while (end > log && end[-1] == '\n')
			end--;
		line = end;
		while (line > log && line[-1] != '\n')
			line--;
		if (!str_starts(line, "processed ") && !str_starts(line, "verification time") &&
		    !str_starts(line, "stack depth") && line < end) {
			snprintf(buf, size, "%.*s", (int)MIN(end - line, (ptrdiff_t)size - 1),
				 line);
			return;
		}
		end = line;
	}
}

static bool refusal_verifier(const struct refused *r, struct err *err)
{
	char line[LAST_LINE_BYTES];

	last_line(r->log, line, sizeof(line));
	if (!*line)
		return false;
	err_set(err, 0, "the kernel's verifier refused cprof's programs (%s)", line);
	err_cure(err, "this is a fault of cprof's: please report it with what 'cprof -v doctor' "
		      "says; -v shows the verifier's whole log");
	return true;
}

static bool refusal_other(const struct refused *r, struct err *err)
{
	err_set(err, r->code, "the kernel refused the BPF programs");
	err_cure(err, "Linux 5.10 or later is needed; -v shows what the kernel said");
	return true;
}

enum refusal refusal_explain(int code, const char *log, struct err *err)
{
	static bool (*const reasons[])(const struct refused *r, struct err *err) = {
#define REFUSAL(id) refusal_##id,
#include "collect/refusals.def"
#undef REFUSAL
	};
	const struct refused r = {code, log};

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i](&r, err)) {
			err->code = code;
			return (enum refusal)(i + 1);
		}
	return REFUSAL_none;
}

/* -- the verifier's log -- */

void refusal_log_init(struct refusal_log *log)
{
	log->bytes = LOG_BYTES; /* what follows in the last page stays zero */
	log->text = mmap(NULL, log->bytes + 1, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (log->text == MAP_FAILED)
		*log = (struct refusal_log){0};
}

void refusal_log_release(struct refusal_log *log)
{
	if (log->text)
		munmap(log->text, log->bytes + 1);
	*log = (struct refusal_log){0};
}

const char *refusal_log_text(const struct refusal_log *log)
{
	return log->text ? log->text : "";
}

void refusal_log_say(struct refusal_log *log)
{
	for (const char *line = refusal_log_text(log); *line;) {
		size_t length = strcspn(line, "\n");

		if (length)
			log_debug("%.*s", (int)MIN(length, (size_t)LINE_BYTES), line);
		line += length + (line[length] == '\n');
	}
	if (log->text)
		log->text[0] = '\0';
}
