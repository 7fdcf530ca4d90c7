/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A command that is profiled from its first instruction. */
#include "collect/launch.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

/* In the child: only async-signal-safe calls. */
static void child_run(int go_fd, int error_fd, char *const argv[], bool silent)
{
	sigset_t none;
	char byte;
	int code;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	if (read(go_fd, &byte, 1) != 1)
		_exit(0); /* cprof gave up */
	if (silent) {
		int null = open("/dev/null", O_RDWR);

		for (int fd = 0; null >= 0 && fd < 3; fd++)
			dup2(null, fd);
	}
	execvp(argv[0], argv);
	code = errno;
	if (write(error_fd, &code, sizeof(code)) < 0)
		_exit(126);
	_exit(127);
}

int launch_fork(struct launch *l, char *const argv[], bool silent, struct err *err)
{
	int go[2], error[2];

	*l = (struct launch){.go_fd = -1, .error_fd = -1};
	if (pipe2(go, O_CLOEXEC) < 0)
		return err_set(err, -errno, "cannot start %s", argv[0]);
	if (pipe2(error, O_CLOEXEC) < 0) {
		err_set(err, -errno, "cannot start %s", argv[0]);
		close(go[0]);
		close(go[1]);
		return err->code;
	}
	l->pid = fork();
	if (l->pid == 0) {
		close(go[1]);
		child_run(go[0], error[1], argv, silent);
	}
	close(go[0]);
	close(error[1]);
	l->go_fd = go[1];
	l->error_fd = error[0];
	if (l->pid < 0) {
		int code = -errno;

		l->pid = 0;
		err_set(err, code, "cannot start %s", argv[0]);
		if (code == -EAGAIN)
			err_cure(err,
				 "let this user have more processes and threads: ulimit -u with a "
				 "larger number (systemd: LimitNPROC=, TasksMax=)");
		return code;
	}
	return 0;
}

int launch_go(struct launch *l, struct err *err)
{
	int code = 0;
	ssize_t n;

	if (write(l->go_fd, "", 1) != 1)
		return err_set(err, -errno, "cannot start the command");
	close(steal_fd(l->go_fd));
	do
		n = read(l->error_fd, &code, sizeof(code));
	while (n < 0 && errno == EINTR);
	close(steal_fd(l->error_fd));
	if (n <= 0)
		return 0; /* closed by exec */
	err_set(err, -code, "cannot run the command");
	err->exit_code = code == ENOENT ? 127 : 126;
	if (code == ENOENT)
		err_cure(err, "check its name and PATH");
	else
		err_cure(err, "check that it is an executable file");
	err->exit_code = code == ENOENT ? 127 : 126;
	return err->code;
}

bool launch_ended(struct launch *l)
{
	if (l->pid && !l->reaped && waitpid(l->pid, &l->status, WNOHANG) == l->pid)
		l->reaped = true;
	return l->reaped;
}

void launch_wait(struct launch *l)
{
	while (l->pid && !l->reaped)
		if (waitpid(l->pid, &l->status, 0) == l->pid || errno != EINTR)
			l->reaped = true;
}

void launch_tell_to_end(struct launch *l)
{
	enum { STEP_MS = 10, WAIT_MS = 200 };

	if (!l->pid || launch_ended(l))
		return;
	kill(l->pid, SIGTERM);
	l->told_to_end = true;
	/* Most end at once: then that is what is told of it. */
	for (int ms = 0; ms < WAIT_MS && !launch_ended(l); ms += STEP_MS)
		poll(NULL, 0, STEP_MS);
}

void launch_describe(const struct launch *l, struct str *out)
{
	if (!l->reaped && l->told_to_end)
		str_printf(out, "told to end (pid %d)", l->pid);
	else if (!l->reaped)
		str_printf(out, "still running (pid %d)", l->pid);
	else if (WIFSIGNALED(l->status))
		str_printf(out, "killed by signal %d (%s)", WTERMSIG(l->status),
			   strsignal(WTERMSIG(l->status)));
	else
		str_printf(out, "exited with %d", WEXITSTATUS(l->status));
}

int launch_exit_status(const struct launch *l)
{
	if (!l->reaped)
		return 0;
	return WIFSIGNALED(l->status) ? 128 + WTERMSIG(l->status) : WEXITSTATUS(l->status);
}

void launch_release(struct launch *l)
{
	if (l->go_fd >= 0)
		close(l->go_fd);
	if (l->error_fd >= 0)
		close(l->error_fd);
	launch_ended(l);
	*l = (struct launch){.go_fd = -1, .error_fd = -1};
}
