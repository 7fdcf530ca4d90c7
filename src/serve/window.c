/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which samples a request asks for. */
#include "base/clock.h"
#include "base/mem.h"
#include "serve/request.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	DEFAULT_SECONDS = 30, /* Go's */
	MAX_SECONDS = 3600,
};

#define NS_PER_S 1000000000ll

/* "-60s", "-1.5m", "-10m", "-2h", "0", "now", or seconds since 1970; to CLOCK_MONOTONIC. */
static bool parse_time(const char *text, uint64_t now, uint64_t *ret)
{
	static const struct {
		const char *unit;
		double seconds;
	} units[] = {{"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}, {"", 1}};
	double value, ago;
	char *end;

	*ret = now;
	if (str_equal(text, "now") || str_equal(text, "0"))
		return true;
	value = strtod(text, &end);
	if (end == text || !(value > -1e10 && value < 1e10))
		return false;
	if (value > 0) {
		ago = (double)clock_ns(CLOCK_REALTIME) / 1e9 - value;
		if (*end || ago < 0)
			return false;
	} else {
		size_t i = 0;

		while (i < ARRAY_SIZE(units) && !str_equal(end, units[i].unit))
			i++;
		if (i == ARRAY_SIZE(units))
			return false;
		ago = -value * units[i].seconds;
	}
	*ret = ago * 1e9 < (double)now ? now - (uint64_t)(ago * 1e9) : 0;
	return true;
}

/* Whole seconds as Go reads them: what is none, or not above 0, is the default. */
static int64_t whole_seconds(const char *text)
{
	char *end;
	long long seconds = text ? strtoll(text, &end, 10) : 0;

	return !text || !*text || *end || seconds <= 0 ? DEFAULT_SECONDS : (int64_t)seconds;
}

bool request_window(struct request *r, struct history_window *ret, uint64_t *ret_wait_ns)
{
	const char *from = request_parameter(r, "from"), *to = request_parameter(r, "to");
	uint64_t now = monotonic_ns();
	int64_t seconds;

	*ret = (struct history_window){
		.pid = r->pid, .event = r->event, .trace_id = r->trace.trace_id};
	*ret_wait_ns = 0;
	if (!from && to) {
		reply_error(r, MHD_HTTP_BAD_REQUEST, "to= needs from=, as in from=-60s&to=-30s");
		return false;
	}
	if (!from && !request_parameter(r, "seconds") && r->value &&
	    value_kind(r->value) == VALUE_STATE) {
		ret->kind = VALUE_STATE;
		ret->by_time = true;
		ret->to.time_ns = UINT64_MAX;
		return true;
	}
	if (!from) {
		seconds = whole_seconds(request_parameter(r, "seconds"));
		if (seconds > MAX_SECONDS) {
			reply_error(r, MHD_HTTP_BAD_REQUEST,
				    "profile duration exceeds server's WriteTimeout: at most %d s",
				    MAX_SECONDS);
			return false;
		}
		*ret_wait_ns = (uint64_t)(seconds * NS_PER_S);
		return true;
	}
	if (request_parameter(r, "seconds")) {
		reply_error(r, MHD_HTTP_BAD_REQUEST,
			    "seconds= samples from now on, from= looks back: give one of them");
		return false;
	}
	ret->by_time = true;
	ret->to.time_ns = UINT64_MAX;
	if (!parse_time(from, now, &ret->from.time_ns) ||
	    (to && !parse_time(to, now, &ret->to.time_ns))) {
		reply_error(
			r, MHD_HTTP_BAD_REQUEST,
			"from= and to= are times in the past: -60s, -10m, now, or seconds since "
			"1970");
		return false;
	}
	/* Until now is until it is answered: what goes on then is in it. */
	if (ret->to.time_ns == now)
		ret->to.time_ns = UINT64_MAX;
	if (ret->from.time_ns >= ret->to.time_ns) {
		reply_error(r, MHD_HTTP_BAD_REQUEST, "from= must lie before to=");
		return false;
	}
	return true;
}
