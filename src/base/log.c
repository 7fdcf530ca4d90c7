/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What cprof says about itself on stderr. */
#include "base/log.h"

#include "base/mem.h"
#include "base/str.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { MAX_HELD = 1 << 16 };

static enum log_level log_max = LOG_INFO;
static bool log_json;

/* Several threads have something to say. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool holding;
static struct str held;

void log_setup(enum log_level level, bool json)
{
	log_max = level;
	log_json = json;
}

bool log_is_json(void)
{
	return log_json;
}

void log_hold(bool hold)
{
	pthread_mutex_lock(&lock);
	holding = hold;
	if (!hold && held.len)
		fwrite(held.text, 1, held.len, stderr);
	if (!hold)
		str_release(&held);
	pthread_mutex_unlock(&lock);
}

static void log_put_line(const char *before, const char *text)
{
	pthread_mutex_lock(&lock);
	if (!holding)
		fprintf(stderr, "%s%s\n", before, text);
	else if (held.len < MAX_HELD)
		str_printf(&held, "%s%s\n", before, text);
	pthread_mutex_unlock(&lock);
}

char *log_stamp(char buf[LOG_STAMP])
{
	struct timespec now;
	struct tm tm;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	n = strftime(buf, LOG_STAMP, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf + n, LOG_STAMP - n, ".%03ldZ", now.tv_nsec / 1000000);
	return buf;
}

static void log_put_json(enum log_level level, const char *msg, json_t *fields)
{
	static const char *const names[] = {"error", "warn", "info", "debug"};
	char stamp[LOG_STAMP];
	json_t *line = json_object();
	char *text;

	json_object_set_new(line, "time", json_string(log_stamp(stamp)));
	json_object_set_new(line, "level", json_string(names[level]));
	json_object_set_new(line, "msg", json_text(msg));
	if (fields)
		json_object_update(line, fields);
	text = json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(12));
	if (text)
		log_put_line("", text);
	free(text);
	json_decref(line);
}

/* Names of files and processes are anyone's: no control characters for a terminal. */
static void put_text(const char *text)
{
	auto_free char *clean = mem_strdup(text);

	text_clean(clean, "\n");
	log_put_line("cprof: ", clean);
}

void log_fields(enum log_level level, const char *text, const char *msg, json_t *fields)
{
	if (level <= log_max) {
		if (log_json)
			log_put_json(level, msg, fields);
		else
			put_text(text);
	}
	json_decref(fields);
}

void log_summary(const char *text, json_t *fields)
{
	if (log_json && log_max < LOG_INFO) {
		log_put_json(LOG_INFO, "summary", fields);
		json_decref(fields);
		return;
	}
	log_fields(LOG_INFO, text, "summary", fields);
}

void log_say(enum log_level level, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (level > log_max)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text_clean(text, ""); /* one message, one line */
	log_fields(level, text, text, NULL);
}
