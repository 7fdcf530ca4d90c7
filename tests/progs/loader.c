/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Drives bottleneck: CLIENTS processes send requests of random words until it goes away.
 *
 * usage: loader SOCKET CLIENTS
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REQUEST_BYTES = 2048, PATIENCE = 200 };

static uint64_t state;

static uint64_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void make_request(char *text)
{
	for (int i = 0; i < REQUEST_BYTES; i++)
		text[i] = (char)(i % 6 == 5 ? ' ' : 'a' + next_random() % 4);
}

/* Returns 0 while the service answers. */
static int ask(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), answer, code = -1;
	char text[REQUEST_BYTES];

	make_request(text);
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 &&
	    write(fd, text, sizeof(text)) == sizeof(text) &&
	    read(fd, &answer, sizeof(answer)) == sizeof(answer))
		code = 0;
	close(fd);
	return code;
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int clients = argc > 2 ? atoi(argv[2]) : 4, failures = 0, answered = 0;

	if (argc < 2 || strlen(argv[1]) >= sizeof(address.sun_path))
		return 2;
	strcpy(address.sun_path, argv[1]);
	for (int i = 1; i < clients && fork(); i++)
		;
	state = 88172645463325252ull + (uint64_t)getpid() * 7919;
	/* It may not listen yet; once it has answered, a failure is its end. */
	while (failures < PATIENCE && !(answered && failures)) {
		if (ask(&address) == 0) {
			answered = 1;
			failures = 0;
		} else {
			failures++;
			usleep(10000);
		}
	}
	while (wait(NULL) > 0)
		;
	return answered ? 0 : 1;
}
