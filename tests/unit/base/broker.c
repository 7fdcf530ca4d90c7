/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The broker: opens regular files only, confines, becomes the user who named a path, reads, and
 * does not wait for what never comes. */
#include "unit/test.h"
#include "unit/folder.h"

#include "base/broker.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { NOBODY = 65534 };

static char *in(const char *name)
{
	return mem_printf("%s/%s", dir, name);
}

static int try(const struct wanted_file *wanted)
{
	struct opened_file file;
	int code = broker_open(wanted, &file);

	if (!code)
		close(file.fd);
	return code;
}

static void opens_regular_files_only(void **state)
{
	auto_free char *path = in("file"), *pipe = in("pipe");
	struct opened_file file;
	struct str text = {0};

	(void)state;
	assert_int_equal(folder_run("echo hello >file && mkfifo pipe"), 0);
	assert_int_equal(broker_open(&(struct wanted_file){.path = path}, &file), 0);
	assert_false(file.is_copy);
	assert_int_equal(file.st.st_size, 6);
	assert_int_equal(fd_read(file.fd, 100, &text), 0);
	assert_string_equal(text.text, "hello\n");
	close(file.fd);
	str_release(&text);
	assert_int_equal(try(&(struct wanted_file){.path = pipe}), -EINVAL);
	assert_int_equal(try(&(struct wanted_file){.path = "/dev/null"}), -EINVAL);
	assert_int_equal(try(&(struct wanted_file){.path = dir}), -EINVAL);
	assert_int_equal(try(&(struct wanted_file){.path = "/nonexistent"}), -ENOENT);
}

static void stays_in_a_root(void **state)
{
	int root = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_int_equal(folder_run("ln -sf /etc/passwd out && ln -sf /file inner"), 0);
	assert_int_equal(try(&(struct wanted_file){.path = "/out", .root = root}), -ENOENT);
	assert_int_equal(try(&(struct wanted_file){.path = "/inner", .root = root}), 0);
	assert_int_equal(try(&(struct wanted_file){.path = "/../../etc/passwd", .root = root}),
			 -ENOENT);
	close(root);
}

/* What the user may not read who named it is not opened, by whatever rights we have. */
static void becomes_the_user(void **state)
{
	auto_free char *secret = in("secret"), *inside = in("private/file"), *open_ = in("open");
	struct wanted_file wanted = {.as_user = true, .user = NOBODY};

	(void)state;
	assert_int_equal(
		folder_run("chmod 755 . && echo x >secret && chmod 600 secret && mkdir private && "
			   "chmod 700 private && echo x >private/file && echo x >open && "
			   "chmod 644 open private/file"),
		0);
	wanted.path = secret;
	assert_int_equal(try(&wanted), -EACCES);
	wanted.path = inside;
	assert_int_equal(try(&wanted), -EACCES);
	wanted.path = open_;
	assert_int_equal(try(&wanted), 0);
	/* And afterwards it is itself again. */
	wanted.as_user = false;
	wanted.path = inside;
	assert_int_equal(try(&wanted), 0);
	wanted.as_user = true;
	wanted.user = getuid();
	assert_int_equal(try(&wanted), 0);
}

static void reads_files_and_memory_in_pieces(void **state)
{
	enum { BYTES = 3 << 20 };
	unsigned char *mine = mem_alloc(BYTES), *got = mem_alloc(BYTES);
	struct str text = {0};

	(void)state;
	for (size_t i = 0; i < BYTES; i++)
		mine[i] = (unsigned char)(i * 7 + i / 4096);
	assert_int_equal(broker_memory(getpid(), (uintptr_t)mine, got, BYTES), BYTES);
	assert_memory_equal(mine, got, BYTES);
	assert_int_equal(broker_memory(getpid(), 16, got, 8), -EFAULT);
	assert_int_equal(broker_read(getpid(), "/proc/self/status", 1 << 16, &text), 0);
	assert_non_null(strstr(text.text, "Name:"));
	assert_int_equal(broker_read(getpid(), "/proc/self/status", 10, &text), -EFBIG);
	str_release(&text);
	free(mine);
	free(got);
}

/* A page that never comes: one request waits a moment, the next ones not at all, and those about
 * other processes are answered. */
static void waits_for_nobody(void **state)
{
	int said[2];
	uint64_t address = 0, began, given_up = broker_given_up();
	char byte;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(said), 0);
	child = fork();
	if (!child) {
		int u = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
		void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				  -1, 0);
		struct uffdio_api api = {.api = UFFD_API};
		struct uffdio_register missing = {.range = {(uintptr_t)page, 4096},
						  .mode = UFFDIO_REGISTER_MODE_MISSING};

		address = (uintptr_t)page;
		if (u < 0 || ioctl(u, UFFDIO_API, &api) || ioctl(u, UFFDIO_REGISTER, &missing))
			address = 0;
		if (write(said[1], &address, sizeof(address)) != sizeof(address))
			_exit(1);
		pause();
	}
	assert_int_equal(read(said[0], &address, sizeof(address)), sizeof(address));
	if (address) { /* who is not root may not make such a page */
		began = monotonic_ns();
		assert_int_equal(broker_memory(child, address, &byte, 1), -ETIMEDOUT);
		assert_int_equal(broker_memory(child, address, &byte, 1), -EBUSY);
		assert_true(monotonic_ns() - began < 20000000000ull);
		assert_int_equal(broker_memory(getpid(), (uintptr_t)&byte, &byte, 1), 1);
		assert_int_equal(broker_given_up() - given_up, 2);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(said[0]);
	close(said[1]);
	broker_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(opens_regular_files_only),         T(stays_in_a_root),  T(becomes_the_user),
		T(reads_files_and_memory_in_pieces), T(waits_for_nobody),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
