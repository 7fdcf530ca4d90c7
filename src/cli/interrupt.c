/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ctrl-C and SIGTERM. */
#include "cli/interrupt.h"

#include "cli/command.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

static volatile sig_atomic_t signals;
static int event_fd = -1;

static void on_signal(int number)
{
	uint64_t one = 1;
	int saved = errno;

	(void)number;
	if (++signals > 1)
		_exit(EXIT_ABORTED);
	if (write(event_fd, &one, sizeof(one)) < 0)
		errno = saved;
	errno = saved;
}

int interrupt_init(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	/* A reader of our output that goes away is an error of the write, told in words. */
	signal(SIGPIPE, SIG_IGN);
	return event_fd;
}

bool interrupt_asked(void)
{
	return signals > 0;
}

static volatile sig_atomic_t reloads;

static void on_reload(int number)
{
	uint64_t one = 1;
	int saved = errno;

	(void)number;
	reloads = 1;
	if (write(event_fd, &one, sizeof(one)) < 0)
		errno = saved;
	errno = saved;
}

void interrupt_init_reload(void)
{
	struct sigaction action = {.sa_handler = on_reload};

	sigaction(SIGHUP, &action, NULL);
}

bool interrupt_reload_asked(void)
{
	uint64_t count;

	if (!reloads)
		return false;
	reloads = 0;
	/* What woke us is taken back, but for a signal that asks for the end. */
	if (!interrupt_asked() && read(event_fd, &count, sizeof(count)) < 0)
		return true;
	return true;
}
