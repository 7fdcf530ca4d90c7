/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A storm of short processes: COUNT of them, JOBS at a time.
 *
 * usage: storm COUNT JOBS PROGRAM
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

extern char **environ;

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 600, jobs = argc > 2 ? atoi(argv[2]) : 4,
	    running = 0;
	char *args[] = {argc > 3 ? argv[3] : "./tiny", NULL};

	for (int i = 0; i < count; i++) {
		pid_t pid;

		if (running == jobs && wait(NULL) > 0)
			running--;
		if (posix_spawn(&pid, args[0], NULL, NULL, args, environ)) {
			perror(args[0]);
			return 1;
		}
		running++;
	}
	while (running-- > 0)
		wait(NULL);
	return 0;
}
