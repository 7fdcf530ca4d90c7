/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes as text (RFC 4648). */
#pragma once

#include <stddef.h>

#include "base/str.h"

void put_base64(struct str *out, const void *data, size_t len);
