/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A badly bottlenecked, leaking service for the demo: answers requests on a Unix socket.
 *
 * Four faults, each in a function of its own name:
 *   find_duplicates   a quadratic loop over the words of a request
 *   count_request     one mutex around everything that is counted
 *   remember_request  a cache that nothing ever leaves
 *   write_journal     a blocking write to disk in the path of a request
 * usage: bottleneck SOCKET SECONDS
 */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))

enum { WORKERS = 4, REQUEST_BYTES = 4096, CACHE_BYTES = 512, MAX_CACHED = 400000 };

struct cached {
	struct cached *next;
	char answer[CACHE_BYTES];
};

static int listener;
static FILE *journal;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct cached *cache;
static uint64_t n_cached, n_requests, letters[256];

static NOINLINE int find_duplicates(char words[][16], int n)
{
	int duplicates = 0;

	for (int i = 0; i < n; i++)
		for (int k = i + 1; k < n; k++)
			duplicates += memcmp(words[i], words[k], 16) == 0;
	return duplicates;
}

static NOINLINE void count_request(const char *text, size_t len)
{
	pthread_mutex_lock(&lock);
	n_requests++;
	for (int round = 0; round < 20; round++)
		for (size_t i = 0; i < len; i++)
			letters[(unsigned char)text[i]]++;
	pthread_mutex_unlock(&lock);
}

static NOINLINE void remember_request(const char *text, size_t len)
{
	struct cached *entry;

	if (n_cached >= MAX_CACHED) /* the demo shall not eat the machine */
		return;
	entry = malloc(sizeof(*entry));
	if (!entry)
		return;
	memset(entry->answer, 0, sizeof(entry->answer));
	memcpy(entry->answer, text, len < CACHE_BYTES ? len : CACHE_BYTES - 1);
	pthread_mutex_lock(&lock);
	entry->next = cache;
	cache = entry;
	n_cached++;
	pthread_mutex_unlock(&lock);
}

static NOINLINE void write_journal(int duplicates)
{
	pthread_mutex_lock(&lock);
	fprintf(journal, "%d\n", duplicates);
	fflush(journal);
	fdatasync(fileno(journal));
	pthread_mutex_unlock(&lock);
}

static NOINLINE int split_words(const char *text, size_t len, char words[][16], int most)
{
	int n = 0;

	for (size_t i = 0; i < len && n < most;) {
		size_t k = 0;

		for (; i + k < len && text[i + k] != ' '; k++)
			;
		memset(words[n], 0, 16);
		memcpy(words[n++], text + i, k < 15 ? k : 15);
		i += k + 1;
	}
	return n;
}

static NOINLINE void handle_request(int client)
{
	static __thread char text[REQUEST_BYTES], words[512][16];
	ssize_t len = read(client, text, sizeof(text));
	int duplicates;

	if (len <= 0)
		return;
	duplicates = find_duplicates(words, split_words(text, (size_t)len, words, 512));
	count_request(text, (size_t)len);
	remember_request(text, (size_t)len);
	if (duplicates % 16 == 0)
		write_journal(duplicates);
	if (write(client, &duplicates, sizeof(duplicates)) < 0)
		return;
}

static void *serve(void *unused)
{
	(void)unused;
	for (;;) {
		int client = accept(listener, NULL, NULL);

		if (client < 0)
			return NULL;
		handle_request(client);
		close(client);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	pthread_t workers[WORKERS];

	if (argc < 3 || strlen(argv[1]) >= sizeof(address.sun_path))
		return 2;
	signal(SIGPIPE, SIG_IGN);
	strcpy(address.sun_path, argv[1]);
	unlink(argv[1]);
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	journal = tmpfile();
	if (!journal || bind(listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(listener, 64)) {
		perror("bottleneck");
		return 1;
	}
	for (int i = 0; i < WORKERS; i++)
		pthread_create(&workers[i], NULL, serve, NULL);
	sleep((unsigned)atoi(argv[2]));
	printf("%llu requests, %llu answers kept for ever\n", (unsigned long long)n_requests,
	       (unsigned long long)n_cached);
	unlink(argv[1]);
	_exit(0);
}
