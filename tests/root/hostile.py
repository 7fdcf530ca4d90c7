#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients that a server should outlive: hostile.py PORT PID. Prints what went wrong; exit 1 then."""
import asyncio
import gzip
import os
import sys

PORT, PID = int(sys.argv[1]), int(sys.argv[2])
# Seconds until a client that behaves gives up. All profiles that are due are made before the first is sent: where
# emulators leave the server a tenth of a CPU, that takes three quarters of a minute.
PATIENCE = 90
problems = []


async def raw(data, read=True, limit=1 << 20, timeout=8):
    """Sends bytes; returns what comes back until the server closes or falls silent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
    got = b""
    try:
        writer.write(data)
        await writer.drain()
        while read and len(got) < limit:
            piece = await asyncio.wait_for(reader.read(65536), timeout)
            if not piece:
                break
            got += piece
    except (ConnectionError, asyncio.TimeoutError):
        pass
    writer.close()
    return got


def get(path, headers="", method="GET"):
    return f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n".encode()


async def status(path, headers="", method="GET"):
    answer = await raw(get(path, headers, method), timeout=PATIENCE)
    return int(answer[9:12]) if answer[:5] == b"HTTP/" else 0


async def expect(want, path, headers="", method="GET", or_else=None):
    got = await status(path, headers, method)
    if got not in (want, or_else):
        problems.append(f"{method} {path[:60]}: {got}, not {want}")


async def profile(seconds):
    """A client that behaves, among the others."""
    answer = await raw(get(f"/debug/pprof/pid/{PID}/profile?seconds={seconds}"), timeout=PATIENCE)
    head, _, body = answer.partition(b"\r\n\r\n")
    if b" 200 " not in head[:20]:
        problems.append(f"profile: {head[:80]}")
    elif len(gzip.decompress(body)) < 200:
        problems.append("profile: empty")


async def slow_reader():
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
    writer.write(get("/view?from=-10s"))
    await writer.drain()
    for _ in range(20):
        try:
            if not await asyncio.wait_for(reader.read(64), 3):
                break
        except asyncio.TimeoutError:
            break
        await asyncio.sleep(0.1)
    writer.close()


async def half_open(seconds):
    """A request that never ends."""
    _, writer = await asyncio.open_connection("127.0.0.1", PORT)
    writer.write(b"GET /metrics HTTP/1.1\r\nHos")
    await writer.drain()
    await asyncio.sleep(seconds)
    writer.close()


async def goes_away():
    _, writer = await asyncio.open_connection("127.0.0.1", PORT)
    writer.write(get("/debug/pprof/profile?seconds=600").replace(b"close", b"keep-alive") + b"GET /")
    await writer.drain()
    await asyncio.sleep(0.3)
    writer.close()


async def main():
    garbage = [raw(os.urandom(5000), timeout=2) for _ in range(20)]
    garbage += [raw(b"\x16\x03\x01\x02\x00\x01\x00" + os.urandom(400), timeout=2)]
    garbage += [raw(b"GET " + b"/" * 70000 + b" HTTP/1.1\r\n\r\n", timeout=2)]
    garbage += [raw(b"GET / HTTP/1.1\r\n" + b"X: " + b"a" * (1 << 20) + b"\r\n\r\n", timeout=2)]
    garbage += [raw(b"GET / HTTP/1.1\r\n" + b"".join(b"X%d: y\r\n" % i for i in range(100000)) + b"\r\n", timeout=2)]
    garbage += [raw(b"POST /debug/pprof/symbol HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n", timeout=2)]
    garbage += [raw(b"POST /debug/pprof/symbol HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n", timeout=2)]
    big = b"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1048576\r\n\r\n" + bytes(1000000)
    await asyncio.gather(
        *garbage, *[raw(big, timeout=2) for _ in range(60)],
        *[profile(1 + i % 3) for i in range(200)],
        *[slow_reader() for _ in range(40)],
        *[half_open(4) for _ in range(100)],
        *[goes_away() for _ in range(60)])
    big = "0x1+" * 200000
    await asyncio.gather(
        expect(200, "/"), expect(200, "/metrics"), expect(200, "/debug/pprof/"),
        expect(301, "/debug/pprof"), expect(404, "/debug/pprof/nothing"), expect(404, "/debug/pprofx"),
        expect(404, "/debug/pprof/../../etc/passwd"), expect(404, "/debug/pprof/%2e%2e/%2e%2e/etc/passwd"),
        expect(404, "/debug/pprof/pid/../../etc/passwd"), expect(404, "/debug/pprof/pid/0/profile"),
        expect(404, "/debug/pprof/pid/-1/profile"), expect(404, "/debug/pprof/pid/99999999999/profile"),
        # libmicrohttpd ends the path there, or refuses it (1.0 on).
        expect(301, "/debug/pprof/pid/1%00/profile", or_else=400), expect(404, f"/debug/pprof/pid/{PID}/profile/x"),
        expect(404, f"/debug/pprof/pid/{PID}/heap"), expect(404, f"/debug/pprof/pid/{PID}/trace"),
        expect(404, f"/debug/pprof//pid/{PID}/cmdline"), expect(200, f"/debug/pprof/pid/{PID}/cmdline"),
        expect(400, f"/debug/pprof/pid/{PID}/profile?seconds=99999"),
        expect(400, f"/debug/pprof/pid/{PID}/profile?from=tomorrow"),
        expect(400, f"/debug/pprof/pid/{PID}/profile?from=-1s&to=-2s"),
        expect(400, f"/debug/pprof/pid/{PID}/profile?from=nan"),
        expect(400, f"/debug/pprof/pid/{PID}/profile?to=-2s"),
        expect(400, f"/debug/pprof/pid/{PID}/profile?from=-5s&format=../x"),
        expect(400, f"/debug/pprof/pid/{PID}/profile?from=-5s&event=x&format=folded"),
        expect(400, f"/debug/pprof/pid/{PID}/goroutine?seconds=1&debug=1"),
        expect(405, "/", method="DELETE"), expect(405, "/metrics", method="PUT"),
        expect(400, "/api/threads?pid=x"), expect(404, "/api/threads?pid=2147483647"),
        expect(404, "/api/../metrics"), expect(404, "/view/../metrics"))
    await raw(b"POST /debug/pprof/symbol HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
              % (len(big), big.encode()))
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)


asyncio.run(main())
