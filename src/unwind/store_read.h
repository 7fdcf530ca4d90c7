/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How user space reads the store: as memory. For abi/unwind_lookup.h. */
#pragma once

#include <string.h>

#define STORE_POINTER const char *
#define STORE(store, type, offset)                                                                 \
	({                                                                                         \
		type value_;                                                                       \
		memcpy(&value_, (store) + (offset), sizeof(value_));                               \
		value_;                                                                            \
	})

#include "abi/unwind_lookup.h"
