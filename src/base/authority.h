/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rights beyond those of the user who asked: when they are in force.
 *
 * Shape: a user's program that has capabilities (setcap, a service's) begins without any in force:
 *        whatever it opens, it opens as that user. Around one call it raises what that call takes,
 *        a row of authority.def. Root asks as root: nothing is dropped, and to raise is nothing.
 * Threads: what is raised is the calling thread's; authority_begin() comes before other threads.
 * Source: capabilities(7), setfsuid(2).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum authority {
#define AUTHORITY(name, capabilities, calls) AUTHORITY_##name,
#include "base/authority.def"
#undef AUTHORITY
	N_AUTHORITIES
};

/* To be called first: nothing is in force from here on, nor goes on to a program that we start. A
 * set-user-id program becomes the user who called it; false: it cannot. */
bool authority_begin(void);
/* Gives up for good what could be raised: by commands that do not sample. */
void authority_renounce(void);
/* Keeps only what this takes; for a child that does nothing else. */
void authority_keep(enum authority what);
/* What could be raised, as a set of capability numbers; of root all that it has. */
uint64_t authority_permitted(void);

/* What was in force before. */
struct authority_before {
	uint64_t effective;
	bool raised;
};
struct authority_before authority_raise(enum authority what);
void authority_lower(struct authority_before *before);

/* In force from here to the end of the block. */
#define with_authority(what)                                                                       \
	__attribute__((cleanup(authority_lower),                                                   \
		       unused)) struct authority_before authority_##what =                         \
		authority_raise(AUTHORITY_##what)

/*
 * Opens files with the rights of another user, in this thread: none of our groups, no capabilities.
 * False, and nothing is changed: only root can.
 */
enum { MAX_GROUPS = 256 };
struct authority_user {
	gid_t groups[MAX_GROUPS];
	int n;
	uint64_t effective;
};
bool authority_become(uid_t uid, struct authority_user *before);
void authority_return(const struct authority_user *before);
