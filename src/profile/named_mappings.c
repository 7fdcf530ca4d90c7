/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mappings of a profile by their file's name. */
#include "profile/named_mappings.h"

mapping_id named_mappings_add(struct named_mappings *m, const struct mapping *like)
{
	uint64_t id;

	if (!map64_find(&m->known, like->filename, &id)) {
		id = profile_add_mapping(m->p, like);
		map64_set(&m->known, like->filename, id);
	}
	return (mapping_id)id;
}

void named_mappings_release(struct named_mappings *m)
{
	map64_release(&m->known);
}
