# SPDX-License-Identifier: GPL-2.0-or-later
"""Drives Debian's Chromium through chromedriver, with nothing but the standard library."""
import base64
import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request

SHOTS = os.environ.get("SHOTS")


def check(is_so, what):
    if not is_so:
        raise AssertionError(what)


def shot(b, name):
    """Keeps a screenshot where SHOTS says."""
    if SHOTS:
        b.screenshot(f"{SHOTS}/{name}.png")


FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--use-angle=swiftshader",
         "--enable-unsafe-swiftshader", "--allow-file-access-from-files"]


class Browser:
    def __init__(self, width=1280, height=900, downloads=None, arguments=()):
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True)
        port = None
        for line in self.driver.stdout:
            if "started successfully on port" in line:
                port = int(line.split("port")[-1].strip(" .\n"))
                break
        self.base = f"http://127.0.0.1:{port}/session"
        options = {"args": FLAGS + [f"--window-size={width},{height}", *arguments], "binary": shutil.which("chromium")}
        # Errors of the page are asked for at the end.
        reply = self.call("POST", "", {"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}})
        self.base += "/" + reply["sessionId"]
        if downloads:
            self.call("POST", "/chromium/send_command", {"cmd": "Browser.setDownloadBehavior", "params": {
                "behavior": "allow", "downloadPath": downloads}})

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=600) as reply:
                return json.load(reply)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(error.read().decode()[:2000]) from None

    def open(self, url):
        self.call("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def wait(self, script, seconds=300):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            value = self.run(script)
            if value:
                return value
            time.sleep(0.05)
        raise AssertionError(f"never true: {script}")

    def keys(self, text):
        actions = [a for c in text for a in ({"type": "keyDown", "value": c}, {"type": "keyUp", "value": c})]
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "k", "actions": actions}]})

    def mouse(self, *steps):
        """Steps are (x, y), "down" and "up"."""
        actions = []
        for s in steps:
            actions.append({"type": "pointerDown", "button": 0} if s == "down" else {"type": "pointerUp", "button": 0}
                           if s == "up" else {"type": "pointerMove", "duration": 0, "x": round(s[0]), "y": round(s[1])})
        self.call("POST", "/actions", {"actions": [{"type": "pointer", "id": "m", "actions": actions}]})

    def click(self, x, y):
        self.mouse((x, y), "down", "up")

    def errors(self):
        return [e["message"] for e in self.call("POST", "/se/log", {"type": "browser"}) if e["level"] == "SEVERE"]

    def screenshot(self, path):
        with open(path, "wb") as f:
            f.write(base64.b64decode(self.call("GET", "/screenshot")))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.call("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait()
