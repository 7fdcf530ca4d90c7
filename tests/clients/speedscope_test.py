# SPDX-License-Identifier: GPL-2.0-or-later
"""Loads files into speedscope's page, and checks its JSON by its schema. Run by speedscope.sh."""
import base64
import json
import sys

import jsonschema
from browser import Browser

folder, release = sys.argv[1:3]


def check(is_so, what):
    if not is_so:
        raise AssertionError(what)


def opened(b, name):
    """What the page says of a file: its names of profiles, its rows of functions."""
    data = base64.b64encode(open(f"{folder}/{name}", "rb").read()).decode()
    # What its command-line program does, too: the page loads a script that hands it the file.
    script = f"{folder}/{name}.js"
    with open(script, "w") as f:
        f.write(f"speedscope.loadFileFromBase64({json.dumps(name)}, {json.dumps(data)})")
    b.open("about:blank")
    b.open(f"file://{release}/index.html#localProfilePath={script}")
    b.wait("return document.title.includes('service')")
    b.keys("3")  # sandwich: the table of functions
    # The rows come later than the head, when the page has found out how high they are.
    b.wait("return document.body.innerText.includes('Symbol Name') && document.body.innerText.includes('parse_request')")
    return b.run("return document.body.innerText")


with open(f"{release}/file-format-schema.json") as f:
    schema = json.load(f)
for name in ("service.speedscope", "groups.speedscope"):
    with open(f"{folder}/{name}") as f:
        profile = json.load(f)
    jsonschema.validate(profile, schema)
    for p in profile["profiles"]:
        check(sum(p["weights"]) == p["endValue"], "the weights do not add up")
        check(len(p["weights"]) == len(p["samples"]), "samples and weights")
check(len(profile["profiles"]) == 2, "not a profile a process")

with Browser() as b:
    for name in ("service.speedscope", "service.pprof", "service.folded"):
        text = opened(b, name)
        for function in ("parse_request", "walk", "memcpy"):
            check(function in text, f"{name}: no {function} in {text[:500]}")
        check("40.00%" in text or "40%" in text, f"{name}: parse_request is not 40 %: {text[:500]}")
    errors = [e for e in b.errors() if "favicon" not in e]
    check(not errors, errors)
