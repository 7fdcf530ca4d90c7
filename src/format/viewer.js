// SPDX-License-Identifier: GPL-2.0-or-later
// The viewer of a profile: flame graph, functions, callers and callees, time.
"use strict";
(() => {
const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const F = data.functions;
const ROW = 18, FONT = "12px ui-monospace, monospace", MOST_ROWS = 500;
const VIEWS = [["flame", "Flame"], ["icicle", "Icicle"], ["reversed", "Reversed"]];
const isDiff = Boolean(F.base);

// What is shown; all of it can be found again in the address.
const state = { view: "icicle", group: "none", search: "", zoom: [], from: 0, to: 0, at: -1, sort: "self", down: true };
let tree = null, boxes = [], strips = [], pattern = null, hover = -1, characterWidth = 7.2;

// -- words --

function format(value) {
	if (data.unit === "nanoseconds") {
		const s = Math.abs(value) / 1e9;
		return (value < 0 ? "-" : "") + (s >= 1 ? s.toFixed(2) + " s" : s >= 1e-3 ? (s * 1e3).toFixed(1) + " ms" : (s * 1e6).toFixed(0) + " µs");
	}
	if (data.unit === "bytes") {
		let v = value, i = 0;
		for (; Math.abs(v) >= 1024 && i < 4; i++) v /= 1024;
		return v.toFixed(i ? 1 : 0) + " " + ["B", "KiB", "MiB", "GiB", "TiB"][i];
	}
	return Math.round(value).toLocaleString("en-US");
}
const percent = (part, whole) => {
	const p = whole ? 100 * part / whole : 0;
	return (p && Math.abs(p) < 0.005 ? p.toPrecision(1) : p.toFixed(2)) + "%";
};
const marks = { kernel: "_[k]", inlined: "_[i]", jit: "_[j]" };
const nameOf = (fn) => F.name[fn] + (data.annotate ? marks[F.kind[fn]] || "" : "");
const colour = (rgb) => "#" + rgb.toString(16).padStart(6, "0");

// -- the tree as it is shown: a part of the time, under groups --

const source = () => (state.view === "reversed" ? data.up : data.down);
const filtered = () => state.to > state.from;

// Weights of the rows that are shown go to their nodes, and up to the root.
function buildTree() {
	const from = source(), rows = from.rows, n = rows.node.length;
	const t = { fn: [-1], parent: [-1], label: [data.title], total: [0], node: [-1] };
	const places = new Map(), grouped = state.group !== "none";
	const add = (parent, fn, label, node) => {
		t.fn.push(fn);
		t.parent.push(parent);
		t.label.push(label);
		t.node.push(node);
		return t.total.push(0) - 1;
	};
	const place = (node, group) => {
		const missing = [];
		let at = -1;
		for (; at < 0; node = from.parent[node]) {
			const known = places.get(group * 0x1000000 + node + 1);
			if (known !== undefined) { at = known; break; }
			missing.push(node);
			if (node < 0) break;
		}
		while (missing.length) {
			const m = missing.pop();
			if (m < 0)
				at = grouped ? add(0, -1, group < 0 ? "[no " + state.group + "]" : from.groups[state.group][group], -1) : 0;
			else
				at = add(at, from.function[m], nameOf(from.function[m]), m);
			places.set(group * 0x1000000 + m + 1, at);
		}
		return at;
	};
	const scale = from.blockMs ? data.down.blockMs / from.blockMs : 1;
	for (let i = 0; i < n; i++) {
		if (filtered() && rows.block && (rows.block[i] < Math.floor(state.from * scale) || rows.block[i] >= Math.ceil(state.to * scale)))
			continue;
		t.total[place(rows.node[i], grouped ? rows[state.group][i] : -1)] += rows.weight[i];
	}
	// A parent is made before its children, and so has a smaller number.
	t.self = t.total.slice();
	for (let i = t.fn.length - 1; i > 0; i--) t.total[t.parent[i]] += t.total[i];
	t.children = t.fn.map(() => []);
	for (let i = 1; i < t.fn.length; i++) t.children[t.parent[i]].push(i);
	for (const c of t.children) c.sort((a, b) => (t.label[a] < t.label[b] ? -1 : t.label[a] > t.label[b] ? 1 : a - b));
	tree = t;
	// Where the zoom was, by names.
	let at = 0;
	const kept = [];
	for (const label of state.zoom) {
		const next = t.children[at].find((c) => t.label[c] === label);
		if (next === undefined) break;
		kept.push(label);
		at = next;
	}
	state.zoom = kept;
	t.zoomed = at;
	match();
}

const pathOf = (i) => { const p = []; for (; i > 0; i = tree.parent[i]) p.unshift(tree.label[i]); return p; };

// -- search --

function match() {
	byId("search").classList.remove("bad");
	pattern = null;
	try {
		pattern = state.search ? new RegExp(state.search) : null;
	} catch (e) {
		byId("search").classList.add("bad");
	}
	const t = tree, under = new Uint8Array(t.fn.length);
	let sum = 0;
	t.found = new Uint8Array(t.fn.length);
	for (let i = 1; pattern && i < t.fn.length; i++) {
		t.found[i] = pattern.test(t.label[i]) ? 1 : 0;
		under[i] = under[t.parent[i]] | t.found[t.parent[i]];
		if (t.found[i] && !under[i]) sum += t.total[i];
	}
	byId("matched").textContent = pattern ? "matched " + percent(sum, t.total[0]) : "";
}

// -- drawing --

function depthOf(i) { let d = 0; for (; i > 0; i = tree.parent[i]) d++; return d; }

function layOut(width) {
	const t = tree, z = t.zoomed, out = [];
	const way = [];
	for (let i = z; i >= 0; i = t.parent[i]) way.unshift(i);
	way.forEach((i, depth) => out.push({ i, x: 0, w: width, depth, above: i !== z }));
	const scale = t.total[z] ? width / t.total[z] : 0, open = [[z, 0, way.length]];
	strips = [];
	while (open.length) {
		const [node, left, depth] = open.pop();
		let x = left, thin = 0;
		for (const c of t.children[node]) {
			const w = t.total[c] * scale;
			if (w >= 0.4) {
				out.push({ i: c, x, w, depth, above: false });
				open.push([c, x, depth + 1]);
			} else thin += w;
			x += w;
		}
		// What is too thin to be told apart is one grey strip, so that it is not taken for nothing.
		if (thin >= 0.4) strips.push({ x: left, w: x - left, depth });
	}
	boxes = out;
	boxes.deepest = out.concat(strips).reduce((m, b) => Math.max(m, b.depth), 0);
}

function fill(i) {
	const t = tree, fn = t.fn[i];
	if (t.found[i]) return getComputedStyle(document.documentElement).getPropertyValue("--mark");
	if (isDiff && t.node[i] >= 0) return colour(source().colour[t.node[i]]);
	return fn < 0 ? "#bebebe" : colour(F.colour[fn]);
}

function draw() {
	const canvas = byId("flame"), ratio = devicePixelRatio || 1, width = canvas.clientWidth || 800;
	layOut(width);
	const height = Math.min((boxes.deepest + 1) * ROW + 1, 32000);
	canvas.style.height = height + "px";
	canvas.width = width * ratio;
	canvas.height = height * ratio;
	const c = canvas.getContext("2d");
	c.scale(ratio, ratio);
	c.font = FONT;
	c.textBaseline = "middle";
	characterWidth = c.measureText("m").width;
	const dark = document.documentElement.classList.contains("dark");
	const yOf = (depth) => (state.view === "flame" ? height - (depth + 1) * ROW : depth * ROW);
	c.fillStyle = dark ? "#3a3f4a" : "#e6e7eb";
	for (const s of strips) c.fillRect(s.x, yOf(s.depth), s.w, ROW - 1);
	for (const b of boxes) {
		b.y = yOf(b.depth);
		c.globalAlpha = b.above ? 0.55 : dark ? 0.88 : 1;
		c.fillStyle = fill(b.i);
		c.fillRect(b.x, b.y, Math.max(b.w - 0.5, 0.4), ROW - 1);
		if (tree.fn[b.i] === state.at && state.at >= 0) {
			c.strokeStyle = dark ? "#fff" : "#000";
			c.strokeRect(b.x + 0.5, b.y + 0.5, Math.max(b.w - 1.5, 0.5), ROW - 2);
		}
		const room = Math.floor((b.w - 5) / characterWidth);
		if (room < 3) continue;
		const label = tree.label[b.i];
		c.globalAlpha = 1;
		c.fillStyle = "#000";
		c.fillText(label.length <= room ? label : label.slice(0, room - 1) + "…", b.x + 3, b.y + ROW / 2);
	}
	byId("reset").hidden = tree.zoomed === 0;
}

function drawHeat() {
	const d = data.down, canvas = byId("heat");
	canvas.hidden = !d.blockMs;
	if (!d.blockMs) return;
	const ratio = devicePixelRatio || 1, width = canvas.clientWidth || 800;
	// Rows are offsets within a column, as in FlameScope: of a second where blocks are short.
	const columnMs = Math.max(1000, d.blockMs * 20, d.blocks * d.blockMs / 600);
	const perColumn = Math.max(1, Math.round(columnMs / d.blockMs)), columns = Math.ceil(d.blocks / perColumn);
	const cellH = perColumn > 1 ? Math.max(2, Math.min(8, 120 / perColumn)) : 24, height = perColumn * cellH;
	const sums = new Float64Array(d.blocks);
	d.rows.block.forEach((b, i) => { sums[b] += d.rows.weight[i]; });
	const most = sums.reduce((a, b) => Math.max(a, b), 0) || 1;
	canvas.style.height = height + "px";
	canvas.width = width * ratio;
	canvas.height = height * ratio;
	const c = canvas.getContext("2d"), cellW = Math.min(width / columns, 60);
	c.scale(ratio, ratio);
	const style = getComputedStyle(document.documentElement);
	c.fillStyle = style.getPropertyValue("--soft");
	c.fillRect(0, 0, width, height);
	for (let b = 0; b < d.blocks; b++) {
		const strength = sums[b] / most, x = Math.floor(b / perColumn) * cellW, y = height - (b % perColumn + 1) * cellH;
		c.fillStyle = strength ? "hsl(" + (50 - 50 * strength) + ",95%," + (88 - 45 * strength) + "%)" : "transparent";
		c.fillRect(x, y, Math.max(cellW - 0.5, 0.5), cellH - 0.3);
		if (filtered() && (b < state.from || b >= state.to)) {
			c.fillStyle = document.documentElement.classList.contains("dark") ? "rgba(22,24,29,.7)" : "rgba(255,255,255,.7)";
			c.fillRect(x, y, cellW, cellH);
		}
	}
	canvas.heat = { perColumn, cellW, cellH, height };
}

function heatBlock(e) {
	const h = byId("heat").heat, r = byId("heat").getBoundingClientRect();
	const column = Math.floor((e.clientX - r.left) / h.cellW);
	const row = Math.min(h.perColumn - 1, Math.max(0, Math.floor((h.height - (e.clientY - r.top)) / h.cellH)));
	return Math.max(0, Math.min(data.down.blocks - 1, column * h.perColumn + row));
}

// -- tables --

// Sums of functions: exact for the whole, of the tree's nodes for a part of it.
function sums() {
	const n = F.name.length, t = tree;
	if (isDiff || (!filtered() && t.zoomed === 0)) return { self: F.self, total: F.total, whole: data.whole };
	const self = new Float64Array(n), total = new Float64Array(n), on = new Uint32Array(n);
	const walk = [[t.zoomed, false]];
	const reversed = state.view === "reversed";
	while (walk.length) {
		const [i, leave] = walk.pop(), fn = t.fn[i];
		if (leave) { on[fn]--; continue; }
		if (fn >= 0) {
			if (!on[fn]++) total[fn] += t.total[i];
			walk.push([i, true]);
			if (!reversed) self[fn] += t.self[i];
			else if (t.parent[i] <= 0 || t.fn[t.parent[i]] < 0) self[fn] += t.total[i];
		}
		for (const c of t.children[i]) walk.push([c, false]);
	}
	return { self, total, whole: t.total[t.zoomed] };
}

function table(columns, rows, caption, more) {
	const el = document.createElement("table"), head = el.createTHead().insertRow(), body = el.createTBody();
	if (caption) el.createCaption().textContent = caption;
	for (const c of columns) {
		const th = document.createElement("th");
		th.textContent = c.title + (c.key === state.sort && c.sorts ? (state.down ? " ▼" : " ▲") : "");
		th.className = c.kind;
		if (c.sorts) th.onclick = () => {
			state.down = state.sort === c.key ? !state.down : c.kind === "number";
			state.sort = c.key;
			showFunctions();
		};
		head.append(th);
	}
	for (const r of rows) {
		const tr = body.insertRow();
		if (r.fn === state.at) tr.className = "at";
		if (r.found) tr.classList.add("found");
		if (r.chance) tr.classList.add("chance");
		tr.onclick = () => select(r.fn);
		for (const c of columns) {
			const td = tr.insertCell();
			td.className = c.kind;
			td.textContent = td.title = c.text(r);
		}
	}
	if (more) {
		const p = document.createElement("p");
		p.textContent = more;
		el.append(p);
	}
	return el;
}

function functionColumns(s) {
	const columns = [
		{ key: "self", title: "Self", kind: "number", sorts: true, text: (r) => percent(r.self, s.whole) },
		{ key: "total", title: "Total", kind: "number", sorts: true, text: (r) => percent(r.total, s.whole) },
		{ key: "name", title: "Function", kind: "name", sorts: true, text: (r) => nameOf(r.fn) },
		{ key: "module", title: "Module", kind: "module", sorts: true, text: (r) => F.module[r.fn] },
	];
	if (isDiff) columns.splice(2, 0,
		{ key: "base", title: "Base", kind: "number", sorts: true, text: (r) => percent(F.base[r.fn], s.whole) },
		{ key: "change", title: "Change", kind: "number", sorts: true, text: (r) => (r.change >= 0 ? "+" : "") + percent(r.change, s.whole) },
		{ key: "p", title: "p", kind: "number", sorts: true, text: (r) => (F.p[r.fn] < 0.001 ? "<0.001" : F.p[r.fn].toFixed(3)) });
	return columns;
}

function showFunctions() {
	const s = sums(), rows = [];
	for (let fn = 0; fn < F.name.length; fn++) {
		if (!s.self[fn] && !s.total[fn] && !(isDiff && F.base[fn])) continue;
		const r = { fn, self: s.self[fn], total: s.total[fn], name: F.name[fn], module: F.module[fn] };
		if (isDiff) Object.assign(r, { base: F.base[fn], change: F.self[fn] - F.base[fn], p: F.p[fn], chance: F.p[fn] > 0.05 });
		r.found = Boolean(pattern && pattern.test(F.name[fn]));
		if (!pattern || r.found) rows.push(r);
	}
	const key = state.sort, sign = state.down ? -1 : 1;
	rows.sort((a, b) => {
		const x = key === "change" ? Math.abs(a.change) : a[key], y = key === "change" ? Math.abs(b.change) : b[key];
		return (x < y ? -sign : x > y ? sign : 0) || b.total - a.total;
	});
	const more = rows.length > MOST_ROWS ? (rows.length - MOST_ROWS) + " more: search, or sort otherwise" : "";
	byId("functions").replaceChildren(table(functionColumns(s), rows.slice(0, MOST_ROWS), "Functions", more));
}

// Who calls the selected function, and whom it calls; recursion counts once. Both of the tree from
// the root, whose branches are cut where they are thin: what is missing has a row.
function showNeighbours() {
	const fn = state.at, d = data.down, callers = new Map(), callees = new Map();
	if (fn < 0) { byId("callers").replaceChildren(); byId("callees").replaceChildren(); return; }
	const n = d.parent.length, weight = new Float64Array(n);
	d.rows.node.forEach((node, i) => { if (node >= 0 && inRange(d, i)) weight[node] += d.rows.weight[i]; });
	const total = weight.slice(), outer = new Uint8Array(n);
	for (let i = n - 1; i >= 0; i--) if (d.parent[i] >= 0) total[d.parent[i]] += total[i];
	let whole = 0;
	const add = (map, key, w) => map.set(key, (map.get(key) || 0) + w);
	for (let i = 0; i < n; i++) {
		const p = d.parent[i];
		outer[i] = p >= 0 && (outer[p] || d.function[p] === fn) ? 1 : 0;
		if (d.function[i] === fn && !outer[i]) {
			whole += total[i];
			add(callers, p < 0 ? -1 : d.function[p], total[i]);
		}
		if (p >= 0 && d.function[p] === fn && d.function[i] !== fn) add(callees, d.function[i], total[i]);
	}
	const show = (map, id, caption, rest) => {
		const rows = [...map].map(([f, w]) => ({ fn: f, w })).sort((a, b) => b.w - a.w).slice(0, 50);
		if (rest > 0.0005 * whole) rows.push({ fn: -2, w: rest });
		const columns = [
			{ title: "%", kind: "number", text: (r) => percent(r.w, whole) },
			{ title: "Function", kind: "name", text: (r) => (r.fn >= 0 ? nameOf(r.fn) : r.fn === -1 ? "(root)" : "(itself, and thin branches)") },
		];
		byId(id).replaceChildren(table(columns, rows, caption));
	};
	const name = nameOf(fn);
	const below = [...callees.values()].reduce((a, b) => a + b, 0);
	show(callers, "callers", "Callers of " + name, 0);
	show(callees, "callees", "Called by " + name, whole - below);
}

const inRange = (d, i) => !filtered() || !d.rows.block || (d.rows.block[i] >= state.from && d.rows.block[i] < state.to);

// -- what happens --

function remember() {
	const p = new URLSearchParams();
	if (state.view !== "icicle") p.set("view", state.view);
	if (state.group !== "none") p.set("group", state.group);
	if (state.search) p.set("s", state.search);
	if (filtered()) p.set("range", state.from + "-" + state.to);
	for (const label of state.zoom) p.append("zoom", label);
	history.replaceState(null, "", "#" + p);
}

function recall() {
	const p = new URLSearchParams(location.hash.slice(1)), range = (p.get("range") || "0-0").split("-");
	state.view = VIEWS.some(([v]) => v === p.get("view")) ? p.get("view") : "icicle";
	state.group = ["process", "thread", "cgroup"].includes(p.get("group")) ? p.get("group") : "none";
	state.search = p.get("s") || "";
	state.zoom = p.getAll("zoom");
	state.from = +range[0] || 0;
	state.to = +range[1] || 0;
}

function refresh(rebuild) {
	if (rebuild) buildTree();
	for (const b of byId("views").children) b.setAttribute("aria-pressed", b.value === state.view);
	byId("group").value = state.group;
	if (byId("search") !== document.activeElement) byId("search").value = state.search;
	draw();
	showFunctions();
	showNeighbours();
	remember();
}

function zoom(i) {
	state.zoom = pathOf(i);
	tree.zoomed = i;
	refresh(false);
}

function select(fn) {
	state.at = fn === state.at ? -1 : fn;
	draw();
	showFunctions();
	showNeighbours();
	if (state.at >= 0) byId("details").textContent = nameOf(state.at) + "  " + F.module[state.at] + "\nself " + percent(F.self[state.at], data.whole) + ", total " + percent(F.total[state.at], data.whole);
}

function words(i) {
	const t = tree;
	let text = t.label[i] + "\n" + format(t.total[i]) + ", " + percent(t.total[i], t.total[0]);
	if (t.zoomed) text += ", " + percent(t.total[i], t.total[t.zoomed]) + " of what is shown";
	const fn = t.fn[i];
	if (fn >= 0 && F.module[fn]) text += "\n" + F.module[fn];
	if (isDiff && fn >= 0) text += "\nself: base " + percent(F.base[fn], data.whole) + ", new " + percent(F.self[fn], data.whole) + ", p " + F.p[fn];
	return text;
}

const boxAt = (e) => {
	const r = byId("flame").getBoundingClientRect(), x = e.clientX - r.left, y = e.clientY - r.top;
	return boxes.find((b) => y >= b.y && y < b.y + ROW && x >= b.x && x < b.x + b.w);
};

function setSearch(text) {
	state.search = text;
	match();
	draw();
	showFunctions();
	remember();
}

function setRange(from, to) {
	state.from = from;
	state.to = to;
	drawHeat();
	refresh(true);
	noteWords();
}

function noteWords() {
	const d = source(), parts = [];
	if (data.note) parts.push(data.note);
	parts.push(format(data.total) + (data.noun ? " " + data.noun : ""));
	if (d.cut) parts.push(percent(d.cut, data.total) + " of it in branches of less than " + percent(d.least, 1) + ", which are not shown");
	if (data.functionsInAll > F.name.length) parts.push("the " + F.name.length.toLocaleString() + " heaviest of " + data.functionsInAll.toLocaleString() + " functions are listed");
	if (d.groupsLeftOut) parts.push("there are too many threads or groups to be told apart here");
	if (filtered() && !d.rows.block) parts.push("this tree is of the whole time: it is too large for parts of it");
	if (filtered()) parts.push("only " + (state.from * data.down.blockMs / 1e3).toFixed(2) + " s to " + (state.to * data.down.blockMs / 1e3).toFixed(2) + " s; Esc shows all");
	byId("note").textContent = parts.join("; ");
}

function theme(dark) {
	document.documentElement.classList.toggle("dark", dark);
	drawHeat();
	draw();
}

// The selected box moves to where a key points.
function step(key) {
	const t = tree, now = hover >= 0 && boxes.some((b) => b.i === hover) ? hover : t.zoomed;
	const shown = new Set(boxes.map((b) => b.i));
	const outward = state.view === "flame" ? "ArrowUp" : "ArrowDown";
	const inward = state.view === "flame" ? "ArrowDown" : "ArrowUp";
	let to = now;
	if (key === outward) to = t.children[now].filter((c) => shown.has(c)).sort((a, b) => t.total[b] - t.total[a])[0];
	else if (key === inward) to = t.parent[now];
	else {
		const row = t.parent[now] < 0 ? [now] : t.children[t.parent[now]].filter((c) => shown.has(c));
		to = row[row.indexOf(now) + (key === "ArrowRight" ? 1 : -1)];
	}
	if (to === undefined || to < 0) return;
	hover = to;
	state.at = t.fn[to];
	byId("details").textContent = words(to);
	draw();
	const b = boxes.find((x) => x.i === to), c = byId("flame").getContext("2d");
	if (b) {
		c.strokeStyle = "#06c";
		c.lineWidth = 2;
		c.strokeRect(b.x + 1, b.y + 1, Math.max(b.w - 2.5, 1), ROW - 3);
	}
	showNeighbours();
}

const KEYS = [
	["click, Enter", "zoom into a box", (k) => k === "Enter" && hover >= 0, () => zoom(hover)],
	["Esc, 0", "zoom out, whole time, no search", (k) => k === "Escape" || k === "0", () => {
		if (byId("keys").open) byId("keys").close();
		state.search = byId("search").value = "";
		state.zoom = [];
		setRange(0, 0);
	}],
	["arrows", "move to callers, callees, neighbours", (k) => k.startsWith("Arrow"), step],
	["/, Ctrl-F", "search", (k) => k === "/", () => byId("search").focus()],
	["f i r", "flame, icicle, reversed (from the leaves)", (k) => "fir".includes(k), (k) => setView({ f: "flame", i: "icicle", r: "reversed" }[k])],
	["g", "group by process, thread, cgroup, or not", (k) => k === "g", () => {
		const s = byId("group");
		s.selectedIndex = (s.selectedIndex + 1) % s.options.length;
		s.onchange();
	}],
	["c", "copy the stack of the box as text", (k) => k === "c" && hover >= 0, () => navigator.clipboard && navigator.clipboard.writeText(pathOf(hover).join("\n"))],
	["t", "light or dark", (k) => k === "t", () => theme(!document.documentElement.classList.contains("dark"))],
	["?", "these keys", (k) => k === "?", () => showKeys()],
];

function showKeys() {
	const d = byId("keys"), t = document.createElement("table");
	for (const [keys, what] of KEYS) {
		const r = t.insertRow();
		r.insertCell().textContent = keys;
		r.insertCell().textContent = what;
	}
	d.replaceChildren(t);
	d.open ? d.close() : d.showModal();
}

function setView(view) {
	state.view = view;
	hover = -1;
	refresh(true);
	noteWords();
}

function key(e) {
	if (e.ctrlKey && e.key === "f") {
		e.preventDefault();
		byId("search").focus();
		return;
	}
	if (e.ctrlKey || e.altKey || e.metaKey || (e.target.tagName === "INPUT" && e.key !== "Escape") || e.target.tagName === "SELECT") return;
	if (e.target.tagName === "BUTTON" && e.key === "Enter") return;
	for (const [, , is, run] of KEYS) {
		if (!(e.key.length === 1 || e.key === "Enter" || e.key === "Escape" || e.key.startsWith("Arrow")) || !is(e.key)) continue;
		e.preventDefault();
		if (e.key === "Escape" && e.target.blur) e.target.blur();
		run(e.key);
		return;
	}
}

function download() {
	const bytes = atob(byId("profile").textContent), array = new Uint8Array(bytes.length);
	for (let i = 0; i < bytes.length; i++) array[i] = bytes.charCodeAt(i);
	const a = document.createElement("a");
	a.href = URL.createObjectURL(new Blob([array], { type: "application/octet-stream" }));
	a.download = "profile.pb.gz";
	a.click();
	setTimeout(() => URL.revokeObjectURL(a.href), 10000);
}

function listen() {
	const flame = byId("flame"), tip = byId("tip"), heat = byId("heat");
	let dragged = -1;
	flame.addEventListener("mousemove", (e) => {
		const b = boxAt(e);
		tip.hidden = !b;
		if (!b) return;
		tip.textContent = words(b.i);
		tip.style.left = Math.min(e.clientX + 12, innerWidth - tip.offsetWidth - 4) + "px";
		tip.style.top = Math.min(e.clientY + 14, innerHeight - tip.offsetHeight - 4) + "px";
		if (hover !== b.i) byId("details").textContent = words(b.i);
		hover = b.i;
	});
	flame.addEventListener("mouseleave", () => { tip.hidden = true; });
	flame.addEventListener("click", (e) => {
		const b = boxAt(e);
		if (!b) return;
		state.at = tree.fn[b.i];
		zoom(b.i);
	});
	heat.addEventListener("mousedown", (e) => { dragged = heatBlock(e); });
	heat.addEventListener("mousemove", (e) => {
		const b = heatBlock(e);
		byId("details").textContent = (b * data.down.blockMs / 1e3).toFixed(3) + " s after the start; drag to choose a part";
	});
	addEventListener("mouseup", (e) => {
		if (dragged < 0) return;
		const b = heatBlock(e);
		setRange(Math.min(dragged, b), Math.max(dragged, b) + 1);
		dragged = -1;
	});
	byId("search").addEventListener("input", (e) => setSearch(e.target.value));
	byId("group").onchange = () => { state.group = byId("group").value; hover = -1; refresh(true); };
	byId("reset").onclick = () => zoom(0);
	byId("theme").onclick = () => theme(!document.documentElement.classList.contains("dark"));
	byId("download").onclick = download;
	byId("help").onclick = showKeys;
	addEventListener("keydown", key);
	addEventListener("resize", () => { drawHeat(); draw(); });
	addEventListener("hashchange", () => { recall(); refresh(true); });
	addEventListener("beforeprint", () => { document.documentElement.classList.remove("dark"); draw(); });
}

function start() {
	byId("title").textContent = data.title;
	for (const [value, title] of VIEWS) {
		const b = document.createElement("button");
		b.value = value;
		b.textContent = title;
		b.onclick = () => setView(value);
		byId("views").append(b);
	}
	for (const group of ["none", "process", "thread", "cgroup"]) {
		if (group !== "none" && !(data.down.groups[group].length && data.up.groups[group].length)) continue;
		byId("group").append(new Option(group === "none" ? "nothing" : "by " + group, group));
	}
	if (data.aggregated) byId("download").title = "what this page shows, as pprof: the whole profile was too large for it";
	byId("comments").textContent = data.comments.join("\n");
	document.documentElement.classList.toggle("dark", matchMedia("(prefers-color-scheme: dark)").matches);
	if (isDiff) state.sort = "change";
	recall();
	listen();
	drawHeat();
	refresh(true);
	noteWords();
	document.documentElement.dataset.ready = "1";
}

start();
})();
