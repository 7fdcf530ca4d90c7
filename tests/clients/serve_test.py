# SPDX-License-Identifier: GPL-2.0-or-later
"""What a person sees of cprof serve in a browser. Run by serve.sh: OUR-ADDRESS PPROF-ADDRESS PID."""
import sys

from browser import Browser, check, shot

ours, pprof, pid = sys.argv[1:4]


INSIDE = "const d = document.querySelector('iframe.shown')?.contentDocument; return d && "

with Browser() as b:
    b.open(f"{pprof}/ui/flamegraph")
    b.wait("return document.body.textContent.includes('run_hot') || document.documentElement.innerHTML.includes('run_hot')")
    shot(b, "pprof")
    b.open(f"{pprof}/ui/top")
    b.wait("return document.body.textContent.includes('run_hot')")

with Browser() as b:
    b.open(f"{ours}/#pid={pid}&seconds=5")
    b.wait("return document.documentElement.dataset.shown >= 1")
    b.wait(INSIDE + "d.getElementById('functions').textContent.includes('run_hot')")
    shot(b, "serve")
    check(b.run("return document.getElementById('process').selectedOptions[0].textContent").startswith(pid), "another process is chosen")
    # It goes on by itself, and stays where one looks.
    b.run(INSIDE + "(d.defaultView.location.hash = '#view=flame')")
    first = int(b.run("return document.documentElement.dataset.shown"))
    b.wait(f"return document.documentElement.dataset.shown >= {first + 2}")
    check(b.run(INSIDE + "d.defaultView.location.hash") == "#view=flame", "the next picture is another view")
    b.run("document.getElementById('live').click()")
    b.run("const s = document.getElementById('seconds'); s.value = 1; s.onchange()")
    before = int(b.run("return document.documentElement.dataset.shown"))
    b.run("document.getElementById('sample').click()")
    b.wait(f"return !document.getElementById('state').textContent.includes('sampling') && document.documentElement.dataset.shown > {before}")
    b.run("const s = document.getElementById('process'); s.value = '0'; s.onchange()")
    b.wait(INSIDE + "d.getElementById('title').textContent.includes('whole machine')")
    b.wait("return document.getElementById('state').className === ''")
    shot(b, "serve-machine")
    errors = b.errors()
    check(not errors, errors)
