/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The broker's child and its workers: what is sent between them and us.
 *
 * Shape: over `control`, one byte asks for a worker and is answered by a `struct fresh` with two
 *        descriptors, the worker's socket and its area. Over the worker's socket, a request (its
 *        path ends it; perhaps with a descriptor of the root) is answered by one or more answers:
 *        -EINPROGRESS says that it goes on. Bytes come in the area, a file as a descriptor.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

enum {
	AREA_BYTES = 1 << 20,
	MAX_COPY_BYTES = 64 << 20, /* of a file that others answer for */
	MAX_STUCK = 32,            /* workers that hang; from half as many on strangers wait */
	/* What is waited for a sign of life of a worker that waits: for memory, which is there or
	 * not, for a file that another user may keep back, for root's and our own (a slow disk).
	 * One that runs is slow, but does not hang. */
	MEMORY_MS = 40,
	BROKER_MS = 200,
	OWN_MS = 800,
	COPY_MS = 900, /* for all of an answer */
};

enum broker_what { BROKER_OPEN, BROKER_READ, BROKER_MEMORY };

struct broker_request {
	enum broker_what what;
	pid_t pid;
	uid_t user;
	bool as_user, raised, no_links, last_no_link;
	uint64_t address; /* in memory, or in the file */
	uint64_t bytes;
	char path[PATH_MAX];
};

struct broker_answer {
	int code;
	bool is_copy, is_local;
	uint64_t bytes; /* in the area */
	struct stat st;
};

struct fresh {
	int code;
	pid_t pid;
	int n_stuck; /* workers that were left behind and have not ended */
};

/* Does not return. */
void broker_child(int control) __attribute__((noreturn));

/* A message with descriptors. Returns 0 or a negative errno. */
int message_send(int socket, const void *data, size_t bytes, const int *fds, int n);
/* Returns the bytes of the message, or a negative errno; missing descriptors are -1. */
ssize_t message_receive(int socket, void *data, size_t bytes, int *fds, int n);
