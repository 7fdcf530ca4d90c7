# SPDX-License-Identifier: GPL-2.0-or-later
"""What a person does with a flame graph in a browser. Run by browser.sh in its folder."""
import glob
import os
import sys
import time

from browser import Browser, check, shot

folder = sys.argv[1]


def svg(b):
    b.open(f"file://{folder}/service.svg")
    shown = "return [...document.querySelectorAll('#boxes g')].filter(g => g.style.display != 'none').length"
    box = """const g = [...document.querySelectorAll('#boxes g')].find(g => g.querySelector('title').textContent.startsWith(arguments[0] + ' '));
             const r = g.querySelector('rect').getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2, r.width];"""
    text = "return document.getElementById(arguments[0]).textContent"
    everything = b.run(shown)
    check(everything == 16, f"{everything} boxes")
    full = b.run(box, "main")[2]
    b.click(*b.run(box, "render")[:2])
    check(b.run(box, "render")[2] > 3 * full / 4, "a click does not zoom")
    check(b.run(shown) < everything, "nothing is hidden by zooming")
    check(b.run(box, "server")[2] > 1000, "the ancestors are gone")
    check("box=" in b.run("return location.hash"), "the address does not say where it is")
    shot(b, "svg-zoomed")
    b.click(*b.run("const r = document.getElementById('reset').getBoundingClientRect(); return [r.x + 5, r.y + 5]"))
    check(b.run(shown) == everything, "reset does not reset")
    b.run("window.prompt = () => '^(walk|parse_.*)$'")
    b.keys("/")
    check(b.run(text, "matched") == "matched: 70.00%", b.run(text, "matched"))
    check(b.run("return document.querySelectorAll('#boxes g.found').length") == 4, "what is found is not shown")
    shot(b, "svg-found")
    b.mouse((5, 5))
    b.keys("\ue015")  # arrow down: the first box
    b.keys("\ue013\ue013")  # up, to the callees
    check(b.run(text, "details").startswith("main "), "keys select " + b.run(text, "details"))
    b.keys("\ue007")  # Enter
    check("box=" in b.run("return location.hash"), "Enter does not zoom")
    b.keys("i")
    y = "return [...document.querySelectorAll('#boxes g')].find(g => g.querySelector('title').textContent.startsWith(arguments[0])).querySelector('rect').getBoundingClientRect().y"
    check(b.run(y, "server ") < b.run(y, "main "), "i does not turn it round")
    # The address brings the state back.
    state = b.run("return location.href")
    b.open("about:blank")
    b.open(state)
    check(b.run(text, "matched") == "matched: 70.00%", "the search is not remembered")
    check(b.run(y, "server ") < b.run(y, "main "), "the direction is not remembered")
    b.keys("\ue00c")
    check(b.run(shown) == everything, "Escape does not reset")


def page(b):
    b.open(f"file://{folder}/service.html")
    b.wait("return document.documentElement.dataset.ready")
    text = "return document.getElementById(arguments[0]).textContent"
    check("300" in b.run(text, "note"), b.run(text, "note"))
    first = "return document.querySelector('#functions tbody td.name').textContent"
    check(b.run(first) == "parse_request", b.run(first))
    b.run("[...document.querySelectorAll('#functions th')].find(t => t.textContent.startsWith('Total')).click()")
    check(b.run(first) == "server", "the table does not sort: " + b.run(first))
    b.run("[...document.querySelectorAll('#functions tbody tr')].find(r => r.textContent.includes('render')).click()")
    check("serve" in b.run(text, "callers") and "walk" in b.run(text, "callees"), "callers and callees")
    canvas = b.run("const r = document.getElementById('flame').getBoundingClientRect(); return [r.x, r.y, r.width, r.height]")
    b.click(canvas[0] + canvas[2] * 0.9, canvas[1] + 18 * 5 + 9)  # render, the sixth row
    check(b.run("return location.hash").count("zoom=") == 5, "a click does not zoom: " + b.run("return location.hash"))
    check(b.run(text, "details").startswith("render"), b.run(text, "details"))
    shot(b, "page-zoomed")
    b.keys("0")
    check("zoom=" not in b.run("return location.hash"), "0 does not reset")
    b.keys("/")
    b.keys("^(walk|parse_.*)$")
    check(b.run(text, "matched") == "matched 70.00%", b.run(text, "matched"))
    check(b.run("return document.querySelectorAll('#functions tbody tr').length") == 2, "the search does not filter the table")
    shot(b, "page-found")
    b.keys("\ue00c")
    check(b.run(text, "matched") == "", "Escape does not end the search")
    b.keys("r")
    check("view=reversed" in b.run("return location.hash"), "r does not reverse")
    b.keys("\ue015")
    check(b.run(text, "details").startswith("parse_request"), "reversed: " + b.run(text, "details"))
    b.keys("i\ue015\ue015\ue015\ue007")
    check(b.run("return location.hash").count("zoom=") >= 3, "keys do not zoom")
    dark = "return document.documentElement.classList.contains('dark')"
    before = b.run(dark)
    b.keys("t")
    check(b.run(dark) != before, "t does not change the theme")
    shot(b, "page-dark")
    b.keys("?")
    check(b.run("return document.getElementById('keys').open"), "? does not show the keys")
    b.keys("\ue00c")
    b.run("document.getElementById('download').click()")
    # The name is there, empty, before what is downloaded takes its place.
    there = f"{folder}/profile.pb.gz"
    end = time.monotonic() + 300
    while time.monotonic() < end and (glob.glob(f"{folder}/*.crdownload") or not os.path.exists(there)
                                      or not os.path.getsize(there)):
        time.sleep(0.05)
    os.rename(f"{folder}/profile.pb.gz", f"{folder}/service.html.pb.gz")


def groups_and_time(b):
    b.open(f"file://{folder}/script.html#group=process")
    b.wait("return document.documentElement.dataset.ready")
    check(b.run("return document.getElementById('group').value") == "process", "the group is not remembered")
    check(b.run("return [...document.getElementById('group').options].map(o => o.value).join()") == "none,process,thread",
          "groups that no sample has")
    b.keys("g")
    check(b.run("return document.getElementById('group').value") == "thread", "g does not change the group")
    b.open(f"file://{folder}/timeline.html")
    b.wait("return document.documentElement.dataset.ready")
    heat = b.run("const r = document.getElementById('heat').getBoundingClientRect(); return [r.x, r.y, r.width, r.height]")
    check(heat[3] > 10, "there is no heat map")
    shot(b, "page-time")
    # The profile has one function in the first second and another one in the second.
    b.mouse((heat[0] + 10, heat[1] + heat[3] - 2), "down", (heat[0] + 40, heat[1] + 2), "up")
    rows = "return [...document.querySelectorAll('#functions tbody td.name')].map(t => t.textContent).join()"
    check("early" in b.run(rows) and "late" not in b.run(rows), b.run(rows))
    b.keys("\ue00c")
    check("late" in b.run(rows), "Escape does not bring the whole time back")


def difference(b):
    b.open(f"file://{folder}/diff.html")
    b.wait("return document.documentElement.dataset.ready")
    row = b.run("return document.querySelector('#functions tbody tr').textContent")
    check("parse_request" in row and "+17." in row, row)
    check(b.run("return document.querySelectorAll('#functions tr.chance').length") > 5, "what may be chance is not grey")
    shot(b, "page-diff")
    b.open(f"file://{folder}/diff.svg")
    fills = b.run("return Object.fromEntries([...document.querySelectorAll('#boxes g')].map(g => [g.querySelector('title').textContent.split(' ')[0], g.querySelector('rect').getAttribute('fill')]))")
    check(fills["main"] == "#c8c8c8", fills)
    red = int(fills["parse_request"][1:], 16)
    check(red >> 16 == 255 and red & 255 < 200, fills)


def hostile(b):
    for ending in ("svg", "html"):
        b.open(f"file://{folder}/hostile.{ending}")
        b.wait("return document.readyState == 'complete'")
        check(b.run("return document.title") != "owned", f"the {ending} obeys a name")
    check("<script>document" in b.run("return document.getElementById('functions').textContent"), "the name is not shown")


for what in (svg, page, groups_and_time, difference, hostile):
    with Browser(downloads=folder) as b:
        try:
            what(b)
            errors = b.errors()
            check(not errors, errors)
        except AssertionError as e:
            shot(b, "failed")
            print(f"FAIL: {what.__name__}: {e}", file=sys.stderr)
            sys.exit(1)
