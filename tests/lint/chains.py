#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""No condition stands in an arm of another, unless between brackets: chains.py FILE... prints where two do."""
import re
import sys

# Comments and texts are passed over as one; the names of included files have no question marks.
TOKEN = re.compile(r"""/\*.*?\*/ | //[^\n]* | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' | [?(){}\[\],;]""", re.S | re.X)

for path in sys.argv[1:]:
    text = open(path).read()
    open_brackets = [0]  # conditions so far, in each
    for found in TOKEN.finditer(text):
        token = found.group()
        if token == "?":
            open_brackets[-1] += 1
            if open_brackets[-1] == 2:
                line = text.count("\n", 0, found.start()) + 1
                print(f"{path}:{line}")
        elif token in "([":
            open_brackets.append(0)
        elif token in ")]":
            open_brackets.pop()
        elif token in "{},;":
            open_brackets[-1] = 0
