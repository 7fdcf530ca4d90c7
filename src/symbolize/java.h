/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks a Java virtual machine (HotSpot, JDK 17 on) to write its perf map, through its attach
 * socket.
 *
 * Errors: none but false; a process that is no such machine is left alone.
 * Source: HotSpot's attachListener_linux.cpp; JEP 228.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Takes up to two seconds. True when the map was written. */
bool java_write_perfmap(pid_t pid);
