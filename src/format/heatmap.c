/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When samples fell, as text. */
#include "format/heatmap.h"

#include "analysis/columns.h"
#include "analysis/blocks.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/sum.h"

enum { MAX_COLUMNS = 120, MAX_ROWS = 50 };

struct heat {
	struct timeline t;
	int64_t *sums; /* by block */
	uint32_t n;
	int64_t most;
};

static int heatmap_find(struct heat *h, const struct view *v, struct err *err)
{
	if (timeline_require(&h->t, v->p, err))
		return err->code;
	h->n = timeline_blocks(&h->t);
	h->sums = blocks_sums(&h->t, v);
	for (uint32_t i = 0; i < h->n; i++)
		h->most = MAX(h->most, h->sums[i]);
	return 0;
}

static void heatmap_put_json(const struct heat *h, const struct view *v, struct str *out)
{
	json_t *root = json_object(), *blocks = json_array();

	json_object_set_new(root, "version", json_integer(1));
	json_object_set_new(root, "type", json_text(v->type));
	json_object_set_new(root, "unit", json_text(v->unit));
	json_object_set_new(root, "start_ns", json_integer(h->t.start_ns));
	json_object_set_new(root, "block_ns", json_integer(h->t.block_ns));
	for (uint32_t i = 0; i < h->n; i++)
		json_array_append_new(blocks, json_integer(h->sums[i]));
	json_object_set_new(root, "blocks", blocks);
	json_print(root, out);
}

/* Columns of a second, unless blocks are long or the recording is; blocks of a cell are joined. */
static void put_map(const struct heat *h, const struct view *v, struct str *out)
{
	double seconds = (double)h->n * (double)h->t.block_ns / 1e9;
	double column_s = MAX(1.0, (double)h->t.block_ns / 1e9);
	static const char *const shades[] = {" ", "░", "▒", "▓", "█"};
	uint32_t n_columns, in_column, rows, in_cell;
	char value[COLUMN_TEXT];

	while (seconds / column_s > MAX_COLUMNS)
		column_s *= 2;
	in_column = (uint32_t)MAX(column_s * 1e9 / (double)h->t.block_ns + 0.5, 1.0);
	n_columns = (h->n + in_column - 1) / in_column;
	in_cell = (in_column + MAX_ROWS - 1) / MAX_ROWS;
	rows = (in_column + in_cell - 1) / in_cell;
	for (uint32_t row = rows; row-- > 0;) {
		str_printf(out, "%7.0f ms ", (double)row * in_cell * (double)h->t.block_ns / 1e6);
		for (uint32_t column = 0; column < n_columns; column++) {
			int64_t sum = 0;

			for (uint32_t i = 0; i < in_cell && row * in_cell + i < in_column; i++) {
				uint64_t block = (uint64_t)column * in_column + row * in_cell + i;

				if (block >= h->n)
					break;
				sum_add(&sum, h->sums[block]);
			}
			str_puts(out, shades[blocks_shade(sum / in_cell, h->most)]);
		}
		str_putc(out, '\n');
	}
	str_printf(out,
		   "           a column is %.3g s, from 0 to %.2f s; the darkest %g ms have %s\n",
		   column_s, seconds, (double)h->t.block_ns / 1e6,
		   format_value(h->most, v->unit, value));
}

int heatmap_text(const struct view *v, bool json, struct str *out, struct err *err)
{
	struct heat h = {0};
	int code = heatmap_find(&h, v, err);

	if (!code && json)
		heatmap_put_json(&h, v, out);
	else if (!code)
		put_map(&h, v, out);
	free(h.sums);
	return code;
}
