/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What libbpf says, in our log: with -v. */
#pragma once

/* To be called before anything of libbpf's. */
void libbpf_log(void);
