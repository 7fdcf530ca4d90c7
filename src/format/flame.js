// SPDX-License-Identifier: GPL-2.0-or-later
// Zooming, searching and reading a flame graph that is one SVG file.
"use strict";
(() => {
	const SIDE = 10, WIDTH = 1180, CHARACTER = 7.2;
	const byId = (id) => document.getElementById(id);
	const details = byId("details"), idle = details.textContent;
	let boxes, zoomed = null, at = null, pattern = "", icicle = false;

	// Each box as drawn at first, and what it is called.
	function read() {
		boxes = Array.from(byId("boxes").children, (g) => {
			const rect = g.querySelector("rect"), title = g.querySelector("title").textContent;
			return {
				g, rect, title, text: g.querySelector("text"),
				name: title.replace(/ \([^()]*, [-\d.]+%\)[^()]*$/, ""),
				x: +rect.getAttribute("x"), y: +rect.getAttribute("y"), w: +rect.getAttribute("width"),
			};
		});
		const ys = boxes.map((b) => b.y);
		boxes.top = Math.min(...ys);
		boxes.bottom = Math.max(...ys);
	}

	const overlaps = (a, b) => a.x < b.x + b.w - 0.005 && b.x < a.x + a.w - 0.005;
	const callers = (b) => boxes.filter((a) => a.y >= b.y && a.x <= b.x + 0.006 && a.x + a.w >= b.x + b.w - 0.006)
		.sort((m, n) => n.y - m.y);

	function label(b, width, x, y) {
		const room = Math.floor((width - 4) / CHARACTER);
		if (room < 3) {
			if (b.text) b.text.textContent = "";
			return;
		}
		if (!b.text) {
			b.text = document.createElementNS("http://www.w3.org/2000/svg", "text");
			b.g.append(b.text);
		}
		b.text.textContent = b.name.length <= room ? b.name : b.name.slice(0, room - 2) + "..";
		b.text.setAttribute("x", x + 3);
		b.text.setAttribute("y", y + 12);
	}

	function draw() {
		const z = zoomed || { x: SIDE, w: WIDTH, y: Infinity };
		for (const b of boxes) {
			const above = zoomed && b.y > z.y;
			const shown = overlaps(b, z);
			b.g.style.display = shown ? "" : "none";
			b.g.classList.toggle("above", Boolean(above && shown));
			if (!shown) continue;
			const from = Math.max(b.x, z.x), to = Math.min(b.x + b.w, z.x + z.w);
			const x = SIDE + (from - z.x) / z.w * WIDTH, w = (to - from) / z.w * WIDTH;
			const y = icicle ? boxes.top + boxes.bottom - b.y : b.y;
			b.rect.setAttribute("x", x);
			b.rect.setAttribute("width", w);
			b.rect.setAttribute("y", y);
			label(b, w, x, y);
		}
		byId("reset").setAttribute("visibility", zoomed ? "visible" : "hidden");
		byId("flip").textContent = icicle ? "flame" : "icicle";
	}

	// The part of the root's width that matches: boxes within boxes count once.
	function find() {
		let re = null, last = -1, sum = 0;
		try {
			re = pattern ? new RegExp(pattern) : null;
		} catch (e) {
			byId("matched").textContent = "no regular expression: " + pattern;
			return;
		}
		const found = [];
		for (const b of boxes) {
			const hit = Boolean(re && re.test(b.name));
			b.g.classList.toggle("found", hit);
			if (hit) found.push(b);
		}
		found.sort((a, b) => a.x - b.x || b.w - a.w);
		for (const b of found) {
			const from = Math.max(b.x, last), to = b.x + b.w;
			if (to > from) sum += to - from;
			last = Math.max(last, to);
		}
		byId("matched").textContent = re ? "matched: " + (100 * sum / WIDTH).toFixed(2) + "%" : "";
		byId("search").textContent = re ? "clear search" : "search";
	}

	function remember() {
		const state = new URLSearchParams();
		if (zoomed) state.set("box", boxes.indexOf(zoomed));
		if (pattern) state.set("s", pattern);
		if (icicle) state.set("icicle", 1);
		history.replaceState(null, "", "#" + state);
	}

	function recall() {
		const state = new URLSearchParams(location.hash.slice(1));
		zoomed = boxes[state.get("box") === null ? -1 : +state.get("box")] || null;
		pattern = state.get("s") || "";
		icicle = state.has("icicle");
		draw();
		find();
	}

	function zoom(b) {
		zoomed = b && b.w < WIDTH - 0.01 ? b : null;
		draw();
		remember();
	}

	function search(text) {
		pattern = text || "";
		find();
		remember();
	}

	const ask = () => {
		const text = prompt("Regular expression to look for", pattern);
		if (text !== null) search(text);
	};

	function select(b) {
		if (at) at.g.classList.remove("at");
		at = b;
		if (b) b.g.classList.add("at");
		details.textContent = b ? b.title : idle;
	}

	// The nearest box in a direction that is on the screen.
	function neighbour(key) {
		const up = icicle ? "ArrowDown" : "ArrowUp";
		const shown = boxes.filter((b) => b.g.style.display !== "none");
		if (!at) return shown.reduce((a, b) => (b.y > a.y ? b : a), shown[0]);
		if (key === "ArrowLeft") return shown.filter((b) => b.y === at.y && b.x < at.x).pop() || at;
		if (key === "ArrowRight") return shown.find((b) => b.y === at.y && b.x > at.x) || at;
		const y = key === up ? at.y - 17 : at.y + 17;
		const row = shown.filter((b) => b.y === y && overlaps(b, at));
		return row.sort((a, b) => b.w - a.w)[0] || at;
	}

	function key(e) {
		if ((e.ctrlKey && e.key === "f") || (!e.ctrlKey && e.key === "/")) ask();
		else if (e.ctrlKey || e.altKey || e.metaKey) return;
		else if (e.key.startsWith("Arrow")) select(neighbour(e.key));
		else if (e.key === "Enter" && at) zoom(at);
		else if (e.key === "Escape" || e.key === "r") zoom(null);
		else if (e.key === "i") flip();
		else if (e.key === "c" && at && navigator.clipboard)
			navigator.clipboard.writeText(callers(at).map((b) => b.name).join("\n"));
		else return;
		e.preventDefault();
	}

	function flip() {
		icicle = !icicle;
		draw();
		remember();
	}

	read();
	for (const b of boxes) {
		b.g.addEventListener("click", () => zoom(b));
		b.g.addEventListener("mouseenter", () => select(b));
		b.g.addEventListener("mouseleave", () => select(null));
	}
	byId("reset").addEventListener("click", () => zoom(null));
	byId("search").addEventListener("click", () => (pattern ? search("") : ask()));
	byId("flip").addEventListener("click", flip);
	for (const id of ["search", "flip"]) byId(id).setAttribute("visibility", "visible");
	addEventListener("keydown", key);
	addEventListener("hashchange", recall);
	recall();
})();
