/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The broker: a child process that opens and reads for us what somebody else may keep from ever
 * being answered: files below a path that another user chose, and memory of processes.
 *
 * Shape: a child that was begun early, and small, forks workers; one at a time works. What it is
 *        asked for it has BROKER_MS for; then it is left behind (to a file system or a page that
 *        does not answer even SIGKILL is in vain) and another one is begun. Whoever made us wait
 *        is held: for a time that doubles, nothing of that user's processes is asked for.
 *        Files of file systems that other users serve (FUSE, network, whatever was mounted in a
 *        user namespace) come as a copy in memory, since to read them may hang as well.
 *        While many hang, strangers' processes and files are not asked for.
 * Bounds: those of base/broker_child.h.
 * Rights: the child has those of AUTHORITY_PROCESS_FILE, and puts them in force where a request
 *        says that a process's own file is wanted.
 * Errors: negative errno; -ETIMEDOUT: no answer, -EBUSY: not asked, since earlier ones had none.
 * Threads: any; one process has one broker (like its log). A request waits for those of others.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/str.h"

/* Begins it: early, while there are no other threads and little memory. Else the first request
 * does. Returns 0 or a negative errno. */
int broker_start(void);
/* Ends it, but for what hangs. */
void broker_end(void);

/* A file that is wanted. Zeroes: by our own rights, in our own root. */
struct wanted_file {
	const char *path;
	int root;          /* a descriptor in which the path and its links stay; 0 or less: ours */
	pid_t pid;         /* whose file it is, who is held if it hangs; 0: nobody's */
	bool raised;       /* by AUTHORITY_PROCESS_FILE; else by our own rights */
	bool no_links;     /* no symbolic link is in the path: who has mapped it saw none */
	bool last_no_link; /* its last part is none */
	bool as_user;      /* with the rights of `user`, who named the path, */
	uid_t user;        /* unless that is root or we */
};

/* What was opened, as it was when it was opened. */
struct opened_file {
	int fd;
	bool is_copy;
	struct stat st;
};

/* Opens a regular file, and nothing else, for reading. */
int broker_open(const struct wanted_file *wanted, struct opened_file *ret);
/* Appends a whole file of /proc/PID, at most `max` bytes (-EFBIG beyond). */
int broker_read(pid_t pid, const char *path, size_t max, struct str *out);
/* Memory of a process or thread: the bytes that are there, from the first on. */
ssize_t broker_memory(pid_t pid, uint64_t address, void *to, size_t bytes);

/* CPU seconds of the child and its workers so far. */
double broker_cpu_s(void);
/* How many requests had no answer in time, or were not made for that reason. */
uint64_t broker_given_up(void);
