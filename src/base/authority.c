/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capabilities in force, and files opened as another user. */
#include "base/authority.h"

#include <grp.h>
#include <linux/capability.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CAP(number) (1ull << (number))

/* Debian 12's headers know them; the numbers are the kernel's. */
static const uint64_t takes[N_AUTHORITIES] = {
#define AUTHORITY(name, capabilities, calls) [AUTHORITY_##name] = (capabilities),
#include "base/authority.def"
#undef AUTHORITY
};

struct capabilities {
	uint64_t effective, permitted;
};

/* The system calls and not libcap: that sets the capabilities of all threads of the process. */
static struct capabilities get_own(void)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

	if (syscall(SYS_capget, &head, data))
		return (struct capabilities){0};
	return (struct capabilities){
		.effective = data[0].effective | (uint64_t)data[1].effective << 32,
		.permitted = data[0].permitted | (uint64_t)data[1].permitted << 32,
	};
}

/* Nothing is inheritable. */
static void set_own(uint64_t effective, uint64_t permitted)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
		{.effective = (uint32_t)effective, .permitted = (uint32_t)permitted},
		{.effective = (uint32_t)(effective >> 32),
		 .permitted = (uint32_t)(permitted >> 32)},
	};

	syscall(SYS_capset, &head, data);
}

static bool is_root(void)
{
	return geteuid() == 0;
}

bool authority_begin(void)
{
	uint64_t wanted = 0;

	if (getuid() != geteuid()) {
		prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
		if (setresuid(getuid(), getuid(), getuid()))
			return false;
	}
	if (getgid() != getegid() && setresgid(getgid(), getgid(), getgid()))
		return false;
	if (is_root())
		return true;
	for (int i = 0; i < N_AUTHORITIES; i++)
		wanted |= takes[i];
	set_own(0, get_own().permitted & wanted);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return true;
}

void authority_renounce(void)
{
	if (!is_root())
		set_own(0, 0);
}

void authority_keep(enum authority what)
{
	if (!is_root())
		set_own(0, get_own().permitted & takes[what]);
}

uint64_t authority_permitted(void)
{
	return get_own().permitted;
}

struct authority_before authority_raise(enum authority what)
{
	struct authority_before before = {0};
	struct capabilities own;

	if (is_root())
		return before;
	own = get_own();
	if (!(takes[what] & own.permitted & ~own.effective))
		return before;
	before.effective = own.effective;
	before.raised = true;
	set_own(own.effective | (takes[what] & own.permitted), own.permitted);
	return before;
}

void authority_lower(struct authority_before *before)
{
	if (before->raised)
		set_own(before->effective, get_own().permitted);
}

enum { NOBODY = 65534 };

bool authority_become(uid_t uid, struct authority_user *before)
{
	before->n = getgroups(MAX_GROUPS, before->groups);
	/* The system calls: the library's functions would change all threads. */
	if (!is_root() || before->n < 0 || syscall(SYS_setgroups, 0, NULL))
		return false;
	before->effective = get_own().effective;
	setfsgid(NOBODY);
	setfsuid(uid);
	set_own(0, get_own().permitted);
	if ((uid_t)setfsuid((uid_t)-1) == uid)
		return true;
	authority_return(before);
	return false;
}

void authority_return(const struct authority_user *before)
{
	set_own(before->effective, get_own().permitted);
	setfsuid(geteuid());
	setfsgid(getegid());
	syscall(SYS_setgroups, (size_t)before->n, before->groups);
}
