/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells the service manager how we are, where there is one.
 *
 * Source: sd_notify(3): a datagram to the socket that $NOTIFY_SOCKET names.
 */
#pragma once

/* As in "READY=1". */
void notify(const char *state);
