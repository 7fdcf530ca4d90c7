/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel side's counters in the account's words. */
#pragma once

#include "abi/records.h"
#include "profile/account.h"

/* Adds what the kernel side lost, by reason, and how its walks ended. */
void losses_of_kernel(const struct stats *stats, struct account *a);
