# SPDX-License-Identifier: GPL-2.0-or-later
"""Fields of protobuf messages, for profiles that no profiler wrote."""


def number(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def field(f, v):
    return number(f << 3) + number(v) if isinstance(v, int) else number(f << 3 | 2) + number(len(v)) + v
