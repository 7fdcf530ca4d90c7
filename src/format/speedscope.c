/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Speedscope's own JSON: a profile of samples and weights for each group.
 *
 * Source: file-format-schema.json of the npm package speedscope.
 */
#include "analysis/view.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/sum.h"
#include "format/format.h"
#include "format/put_json.h"

enum { FLUSH_BYTES = 1 << 20 };

struct writer {
	const struct view *v;
	struct str out;
	struct path path;
	int fd, code;
};

static void speedscope_flush(struct writer *w, size_t above)
{
	if (w->out.len <= above)
		return;
	if (!w->code)
		w->code = fd_write(w->fd, w->out.text, w->out.len);
	w->out.len = 0;
}

static bool speedscope_is_in(const struct origin *o, uint32_t group)
{
	return o->group == group && o->weight > 0;
}

/* The samples of a group, each from the root to the leaf, and what they add up to. */
static int64_t speedscope_put_samples(struct writer *w, uint32_t group)
{
	const struct view *v = w->v;
	int64_t sum = 0;
	bool first = true;

	str_puts(&w->out, "\"samples\":[");
	for (size_t i = 0; i < v->n_origins; i++) {
		if (!speedscope_is_in(&v->origins[i], group))
			continue;
		view_path(v, v->origins[i].stack, &w->path);
		str_puts(&w->out, first ? "[" : ",\n[");
		for (size_t k = w->path.n; k-- > 0;) {
			put_json_number(&w->out, w->path.functions[k]);
			if (k)
				str_putc(&w->out, ',');
		}
		str_putc(&w->out, ']');
		speedscope_flush(w, FLUSH_BYTES);
		first = false;
	}
	str_puts(&w->out, "],\n\"weights\":[");
	first = true;
	for (size_t i = 0; i < v->n_origins; i++) {
		if (!speedscope_is_in(&v->origins[i], group))
			continue;
		if (!first)
			str_putc(&w->out, ',');
		put_json_number(&w->out, v->origins[i].weight);
		sum_add(&sum, v->origins[i].weight);
		first = false;
	}
	str_puts(&w->out, "]");
	return sum;
}

static void speedscope_put_profile(struct writer *w, uint32_t group, const char *title)
{
	const char *unit = w->v->unit;
	bool known = str_equal(unit, "nanoseconds") || str_equal(unit, "bytes");
	int64_t sum;

	str_puts(&w->out, "{\"type\":\"sampled\",\"name\":");
	put_json_text(&w->out, group == NO_ID ? title : w->v->functions[group].name);
	str_printf(&w->out, ",\"unit\":\"%s\",", known ? unit : "none");
	sum = speedscope_put_samples(w, group);
	str_printf(&w->out, ",\n\"startValue\":0,\"endValue\":%lld}", (long long)sum);
}

static bool has_samples(const struct view *v, uint32_t group)
{
	for (size_t i = 0; i < v->n_origins; i++)
		if (speedscope_is_in(&v->origins[i], group))
			return true;
	return false;
}

static void speedscope_put_all(struct writer *w, const char *title)
{
	const struct function *f = w->v->functions;
	bool first = true;

	str_puts(&w->out, "{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\",\n"
			  "\"exporter\":\"cprof " CPROF_VERSION "\",\n\"name\":");
	put_json_text(&w->out, title);
	str_puts(&w->out, ",\n\"shared\":{\"frames\":[");
	for (size_t i = 0; i < w->v->n_functions; i++) {
		str_puts(&w->out, i ? ",\n{\"name\":" : "{\"name\":");
		put_json_text(&w->out, f[i].name);
		if (*f[i].module) {
			str_puts(&w->out, ",\"file\":");
			put_json_text(&w->out, f[i].module);
		}
		str_putc(&w->out, '}');
	}
	str_puts(&w->out, "]},\n\"profiles\":[");
	for (uint32_t i = 0; i <= w->v->n_functions; i++) {
		uint32_t group = i < w->v->n_functions ? i : NO_ID;

		if ((group != NO_ID && !f[i].is_group) || !has_samples(w->v, group))
			continue;
		str_puts(&w->out, first ? "" : ",\n");
		speedscope_put_profile(w, group, title);
		first = false;
	}
	if (first)
		speedscope_put_profile(w, NO_ID, title);
	str_puts(&w->out, "]}\n");
	speedscope_flush(w, 0);
}

int speedscope_write(const struct profile *p, int fd, const struct write_options *o,
		     struct err *err)
{
	struct writer w = {.fd = fd};
	struct view v;
	int code = view_open(&v, p, &o->view, err);

	if (!code) {
		w.v = &v;
		speedscope_put_all(&w, o->title ? o->title : "Profile");
		code = w.code ? err_set(err, w.code, "cannot write the profile") : 0;
	}
	path_release(&w.path);
	str_release(&w.out);
	view_release(&v);
	return code;
}
