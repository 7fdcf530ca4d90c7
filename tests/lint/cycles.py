#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""No two files of src/ include each other, or call each other: cycles.py SOURCE OBJECTS.

Includes: files that include each other, by whatever way (a header and its source are one file). Calls: object files that
use symbols of each other, by whatever way, which their sources name; what a .def table puts together is not named there.
Prints each cycle; exit 1 then."""
import collections
import os
import re
import subprocess
import sys

source, objects = sys.argv[1:3]
problems = []


def unit(path):
    return os.path.splitext(path)[0]


# -- includes --

includes = collections.defaultdict(set)
for top in ("src", "bpf"):
    for folder, _, files in os.walk(os.path.join(source, top)):
        for name in files:
            if not name.endswith((".c", ".h")):
                continue
            path = os.path.relpath(os.path.join(folder, name), os.path.join(source, top))
            me = top + "/" + unit(path).removesuffix(".bpf")
            for line in open(os.path.join(folder, name), errors="replace"):
                found = re.match(r'#include "([a-z_/]+)\.h"', line)
                if found:
                    other = top + "/" + found.group(1)
                    if os.path.exists(os.path.join(source, other + ".h")) and other != me:
                        includes[me].add(other)


def strongly_connected(graph):
    """Tarjan's components of more than one node."""
    index, low, stack, on, out = {}, {}, [], set(), []

    def visit(v):
        work = [(v, iter(sorted(graph[v])))]
        index[v] = low[v] = len(index)
        stack.append(v)
        on.add(v)
        while work:
            at, rest = work[-1]
            for w in rest:
                if w not in index:
                    index[w] = low[w] = len(index)
                    stack.append(w)
                    on.add(w)
                    work.append((w, iter(sorted(graph[w]))))
                    break
                if w in on:
                    low[at] = min(low[at], index[w])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[at])
                if low[at] == index[at]:
                    part = []
                    while True:
                        w = stack.pop()
                        on.discard(w)
                        part.append(w)
                        if w == at:
                            break
                    if len(part) > 1:
                        out.append(sorted(part))

    for v in sorted(graph):
        if v not in index:
            visit(v)
    return out


for cycle in strongly_connected(collections.defaultdict(set, includes)):
    problems.append("include each other: " + " ".join(cycle))

# -- calls --

defined, used, paths = {}, collections.defaultdict(set), {}
for folder, _, files in os.walk(objects):
    for name in files:
        path = os.path.join(folder, name)
        if name.endswith(".c.o"):
            me = "src/" + path[path.rindex("/src/") + 5 : -len(".c.o")]
            if os.path.exists(os.path.join(source, me + ".c")):  # else the file is there no more
                paths[path] = me
if not paths:
    sys.exit(f"no objects below {objects}")
for line in subprocess.run(["nm", "-A", *paths], capture_output=True, text=True, check=True).stdout.splitlines():
    me = paths[line.split(":")[0]]
    kind, symbol = line.split()[-2:]
    if kind == "U":
        used[me].add(symbol)
    elif kind in "TDBRV":
        defined[symbol] = me
calls = collections.defaultdict(lambda: collections.defaultdict(set))
for me, symbols in used.items():
    for symbol in symbols & set(re.findall(r"\w+", open(os.path.join(source, me + ".c")).read())):
        other = defined.get(symbol)
        if other and other != me:
            calls[me][other].add(symbol)
for cycle in strongly_connected(collections.defaultdict(set, {a: set(calls[a]) for a in calls})):
    problems.append("call each other: " + " ".join(cycle))
    for a in cycle:
        for b in sorted(set(calls[a]) & set(cycle)):
            problems.append(f"    {a} calls {b}: {', '.join(sorted(calls[a][b]))}")
print("\n".join(problems))
sys.exit(1 if problems else 0)
