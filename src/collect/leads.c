/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Callers that can be ones. */
#include "collect/leads.h"

struct file_place leads_place(const struct leads *l, uint64_t address)
{
	const struct space_map *map = space_find(l->space, address);
	struct file_place ret = {0};
	struct image *image;

	if (!map)
		return ret;
	image = images_open(l->images, map->image, l->space->pid, map->start, map->end);
	if (image->elf &&
	    elf_file_address(image->elf, address - map->start + map->offset, &ret.address))
		ret.elf = image->elf;
	return ret;
}

enum lead leads_to(const struct leads *l, struct file_place caller, struct file_place callee)
{
	if (!caller.elf || !callee.elf)
		return LEAD_PROVEN;
	return calls_lead(l->calls, caller.elf, caller.address + 1,
			  caller.elf == callee.elf ? callee.address : 0);
}
