/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What cprof says about itself on stderr: text for people, or one JSON object a line.
 *
 * Errors: none; a log that cannot be written is lost.
 */
#pragma once

#include <stdbool.h>

#include "base/json.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Level above which nothing is said (default LOG_INFO), and the form. */
void log_setup(enum log_level level, bool json);
bool log_is_json(void);
/* The time now, as lines of JSON have it. Returns `buf`. */
enum { LOG_STAMP = 64 };
char *log_stamp(char buf[LOG_STAMP]);
/* While a screen is shown, what is said waits (up to 64 KiB of it) for log_hold(false). */
void log_hold(bool hold);

void log_say(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#define log_error(...) log_say(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  log_say(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_say(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_say(LOG_DEBUG, __VA_ARGS__)

/* One line with fields: `text` for people, `msg` and `fields` in JSON. Consumes `fields`. */
void log_fields(enum log_level level, const char *text, const char *msg, json_t *fields);
/* The summary of a run, "msg":"summary". In JSON it is there however quiet we are to be. */
void log_summary(const char *text, json_t *fields);
