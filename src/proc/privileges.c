/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this process may do. */
#include "proc/privileges.h"

#include "base/authority.h"
#include "base/io.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SETCAP_NAMES "cap_perfmon,cap_bpf,cap_sys_ptrace,cap_syslog,cap_dac_read_search"

const char privileges_setcap[] = "sudo setcap " SETCAP_NAMES "=ep \"$(command -v cprof)\"";

/* linux/capability.h; cap_sys_admin includes the two that BPF takes. */
enum { CAP_SYS_ADMIN_BIT = 21, CAP_PERFMON_BIT = 38, CAP_BPF_BIT = 39 };

static const struct {
	int bit;
	const char *name;
} wanted[] = {
	{CAP_PERFMON_BIT, "cap_perfmon"}, {CAP_BPF_BIT, "cap_bpf"},
	{19, "cap_sys_ptrace"},           {34, "cap_syslog"},
	{2, "cap_dac_read_search"},
};

/* The text behind a field's name in /proc/self/status, as a number. */
static uint64_t status_number(const char *field, int base)
{
	struct str text auto_release(str_release) = {0};
	const char *line;

	if (file_read("/proc/self/status", 1 << 16, &text) || !text.len)
		return 0;
	line = strstr(text.text, field);
	return line ? strtoull(line + strlen(field), NULL, base) : 0;
}

bool privileges_missing(struct str *out)
{
	uint64_t have = authority_permitted();
	bool all = true;

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		if (have >> wanted[i].bit & 1)
			continue;
		str_printf(out, "%s%s", all ? "" : ", ", wanted[i].name);
		all = false;
	}
	return all;
}

bool privileges_have_bpf(void)
{
	uint64_t have = authority_permitted();

	return have >> CAP_SYS_ADMIN_BIT & 1 ||
	       (have >> CAP_BPF_BIT & 1 && have >> CAP_PERFMON_BIT & 1);
}

bool privileges_are_of_namespace(void)
{
	struct str text auto_release(str_release) = {0};
	unsigned long long inside, outside, n;

	/* The first namespace maps every number to itself. */
	if (file_read("/proc/self/uid_map", 4096, &text) || !text.len ||
	    sscanf(text.text, "%llu %llu %llu", &inside, &outside, &n) != 3)
		return false;
	return inside || outside || n != UINT32_MAX;
}

bool privileges_are_filtered(void)
{
	const uint64_t mode_filter = 2;

	return status_number("\nSeccomp:", 10) == mode_filter;
}

bool privileges_lockdown_is_confidential(void)
{
	struct str text auto_release(str_release) = {0};

	return !file_read("/sys/kernel/security/lockdown", 4096, &text) && text.len &&
	       strstr(text.text, "[confidentiality]");
}
