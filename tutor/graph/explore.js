// The figure: what is open is laid out and drawn, the rest is data. Without this script the still picture stands there.
function unpack(text) {
  var bytes = Uint8Array.from(atob(text), function (c) { return c.charCodeAt(0); });
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).json();
}
function read(d) { // numbers back into texts
  function w(i) { return d.words[i]; }
  function card(a) {
    return { kind: w(a[0]), title: w(a[1]), rest: w(a[2]), badge: w(a[3]), tag: a[4].map(w), lines: a[5].map(w), faint: a[6].map(w), marks: a[7].map(w), said: a[8].map(w) };
  }
  return {
    title: d.title,
    cards: d.cards.map(card),
    blocks: d.blocks.map(function (b) { return { parent: b[0], lo: b[1], hi: b[2], card: card(b.slice(3)) }; }),
    links: d.links.map(function (l) { return { a: l[0], b: l[1], state: w(l[2]), label: l[3].map(w), norm: l[4], trouble: w(l[5]) }; }),
  };
}
function escaped(text) {
  return text.replace(/[&<>"]/g, function (c) { return { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" }[c]; });
}
function start(box, d) {
  var FIRST = 40, MOST = 500, HELP = "Drag to move, scroll to zoom once the figure is in use. Arrow keys go from card to card, " +
    "Shift and arrows move, + and - zoom, 0 shows all, Enter opens or closes, Escape closes what contains the card, / searches.";
  var pen = document.createElement("canvas").getContext("2d"), FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace";
  var open = new Set([0]), current = "", where = {}, edges = [], view = { x: 0, y: 0, k: 1 }, sizes = {}, norms = [], hits = [], hit = -1;
  d.links.forEach(function (l) { if (l.norm > 0) norms.push(Math.log10(l.norm)); });
  var low = norms.reduce(function (a, b) { return Math.min(a, b); }, 0), high = norms.reduce(function (a, b) { return Math.max(a, b); }, low);
  function long(text, size, bold) { pen.font = (bold ? "700 " : "") + size + "px " + FONT; return pen.measureText(text).width; }
  function about(it) { return it.block >= 0 ? d.blocks[it.block].card : d.cards[it.lo]; }
  function words(c) { return c.tag.concat(c.lines, c.faint, c.marks); }
  function cardSize(it) {
    if (sizes[it.key]) return sizes[it.key];
    var c = about(it), head = long(c.title + c.rest, 13, true) + (c.badge ? long("#" + c.badge, 10) + 14 : 0) + (it.block >= 0 ? 20 : 0);
    var wide = Math.max.apply(null, [head].concat(words(c).map(function (t) { return long(t, 11); })));
    return (sizes[it.key] = { w: wide + (c.kind === "parameter" || c.kind === "leaf" ? 36 : 24), h: 26 + 14 * words(c).length });
  }
  function labelSize(e) {
    var all = e.links.map(function (k) { return d.links[k]; }), flowed = all.filter(function (l) { return l.state === "flowed"; });
    e.trouble = (flowed.find(function (l) { return l.trouble; }) || {}).trouble || "";
    e.norm = Math.hypot.apply(null, flowed.map(function (l) { return l.norm || 0; }));
    e.state = flowed.length ? "flowed" : all[0].state;
    e.lines = all.length === 1 || !flowed.length ? all[0].label
      : [flowed.length + (flowed.length > 1 ? " gradients" : " gradient"), e.trouble || "‖g‖ " + Number(e.norm.toPrecision(3))];
    if (!e.lines.length) return null;
    return { w: Math.max.apply(null, e.lines.map(function (t) { return long(t, 10); })) + 8, h: 13 * e.lines.length };
  }
  var lay = layouter(d, cardSize, labelSize);
  function make(tag, text, inside, label) {
    var it = document.createElement(tag);
    it.textContent = text;
    if (label) { it.setAttribute("aria-label", label); it.title = label; }
    inside.appendChild(it);
    return it;
  }
  function button(text, label, act) { var b = make("button", text, bar, label); b.type = "button"; b.style.margin = "0 4px 0 0"; b.onclick = act; return b; }
  // JupyterLab would take keys for its own commands otherwise
  box.setAttribute("data-lm-suppress-shortcuts", "true");
  var figure = document.createElement("div"), bar = make("div", "", figure);
  bar.style.cssText = "display:flex;flex-wrap:wrap;align-items:center;gap:4px;margin:4px 0";
  var field = make("input", "", make("label", "Search ", bar));
  field.type = "search";
  var find = button("Next", "Next match", function () { seek(1); });
  button("+", "Zoom in", function () { zoom(1.25); });
  button("\u2212", "Zoom out", function () { zoom(0.8); });
  button("Fit", "Fit all that is open", function () { fit(0.02); });
  button("Start", "Start again with what was open at first", function () { begin(); });
  var count = make("span", "", bar);
  count.setAttribute("role", "status");
  var pane = make("div", "", figure);
  pane.style.cssText = "height:min(70vh,560px);min-height:240px;overflow:hidden;resize:vertical;border:1px solid #6b7680;cursor:grab";
  pane.className = "pane";
  var told = make("div", HELP, figure);
  told.className = "told";
  told.setAttribute("role", "status");
  told.setAttribute("aria-live", "polite");
  told.style.cssText = "min-height:5.5em;font-size:90%;white-space:pre-line;overflow-wrap:anywhere;margin:4px 0";
  function svg() { return pane.firstChild; }
  function move() {
    var g = pane.querySelector("g.all");
    if (g) g.setAttribute("transform", "translate(" + view.x + "," + view.y + ") scale(" + view.k + ")");
    box.dataset.view = [view.x, view.y, view.k].map(function (v) { return v.toFixed(2); }).join(" ");
  }
  function zoom(by, x, y) {
    var k = Math.min(4, Math.max(0.02, view.k * by)), r = k / view.k;
    if (x === undefined) { x = pane.clientWidth / 2; y = pane.clientHeight / 2; }
    view = { x: x - (x - view.x) * r, y: y - (y - view.y) * r, k: k };
    move();
  }
  function fit(least) {
    var all = where.b0, k = Math.min(1, (pane.clientWidth - 20) / all.w, (pane.clientHeight - 20) / all.h);
    k = Math.max(k, least);
    view = { x: (pane.clientWidth - all.w * k) / 2, y: 10, k: k };
    if (k > (pane.clientWidth - 20) / all.w) center(lay.items(0)[0].key, true);
    move();
  }
  function center(key, top) {
    var p = where[key];
    view.x = pane.clientWidth / 2 - (p.x + p.w / 2) * view.k;
    view.y = top ? 10 - p.y * view.k : pane.clientHeight / 2 - (p.y + Math.min(p.h, 300) / 2) * view.k;
    move();
  }
  function text(look, x, y, words, anchor) { return '<text class="' + look + '"' + (anchor ? ' text-anchor="middle"' : "") + ' x="' + x.toFixed(1) + '" y="' + y.toFixed(1) + '">' + escaped(words) + "</text> "; }
  function path(c) { return c.faint[0] ? " · " + c.faint[0] : ""; }
  function aria(key, c, block) { // the name says what stands on the card, in that order, so that it answers to it when spoken
    var number = c.badge ? " #" + c.badge : "", on = open.has(block);
    var name = on ? [c.title + path(c)].concat(c.lines, c.marks, number || [])
      : c.tag.concat(c.title + c.rest + number, c.lines, c.faint, c.marks);
    return 'data-key="' + key + '" tabindex="-1" aria-label="' + escaped(name.join(", ")) + '" ' +
      (block < 0 ? 'role="img"' : 'role="button" aria-expanded="' + on + '"');
  }
  function draw() {
    var t = lay.place(0, open), frames = [], lines = [], labels = [], cards = [];
    where = { b0: { x: 0, y: 0, w: t.w, h: t.h, parent: "" } };
    edges = [];
    paint(t, 0, 0, "b0", 0);
    function paint(t, ox, oy, key, depth) {
      t.els.forEach(function (e) {
        if (!e.item) return;
        var x = ox + e.x - e.w / 2, y = oy + e.y - e.h / 2, c = about(e.item), k = e.item.key;
        where[k] = { x: x, y: y, w: e.w, h: e.h, parent: key, item: e.item };
        if (e.inner >= 0) {
          frames.push('<rect class="c ' + (depth % 2 ? "frame" : "module") + '" rx="8" fill-opacity=".5" x="' + x + '" y="' + y + '" width="' + e.w + '" height="' + e.h + '"/>');
          var head = "\u2212 " + c.title + path(c), w = Math.min(e.w, long(head, 13, true) + 16);
          cards.push("<g " + aria(k, c, e.item.block) + '><rect class="c module" rx="5" x="' + x + '" y="' + y + '" width="' + w + '" height="20"/>' + text("t", x + 8, y + 15, head) + "</g>");
          paint(lay.place(e.inner, open), x + lay.PAD, y + lay.HEAD, k, depth + 1);
          return;
        }
        var rx = c.kind === "parameter" ? 14 : c.kind === "leaf" ? 7 : 3, row = y + 18, mid = x + e.w / 2, g = "";
        c.tag.forEach(function (s) { g += text("n", mid, row - 3, s, true); row += 14; });
        g += '<text class="t" text-anchor="middle" x="' + mid + '" y="' + row + '">' + (e.item.block >= 0 ? "+ " : "") + escaped(c.title) + '<tspan class="r">' + escaped(c.rest) + "</tspan>" +
          (c.badge ? '<tspan class="b"> #' + escaped(c.badge) + "</tspan>" : "") + "</text> ";
        [["", c.lines], ["s", c.faint], ["a", c.marks]].forEach(function (p) { p[1].forEach(function (s) { g += text(p[0], mid, (row += 14), s, true); }); });
        cards.push("<g " + aria(k, c, e.item.block) + '><rect class="c ' + c.kind + '" rx="' + rx + '" x="' + x + '" y="' + y + '" width="' + e.w + '" height="' + e.h + '"/>' + g + "</g>");
      });
      t.edges.forEach(function (e) {
        var els = t.els, hi = els[e.hi], lo = els[e.lo], pts = [];
        if (!e.lines) labelSize(e);
        function end(i, down) {
          var el = els[i];
          if (el.port) return [ox + el.x, el.upper ? oy - lay.HEAD : oy + t.h + lay.PAD];
          return [ox + el.x + t.dx(i, e), oy + el.y + (down ? el.h : -el.h) / 2];
        }
        pts.push(end(e.hi, true));
        e.chain.forEach(function (i) { pts.push([ox + els[i].x, oy + els[i].top], [ox + els[i].x, oy + els[i].bottom]); });
        pts.push(end(e.lo, false));
        var size = e.norm > 0 ? Math.log10(e.norm) : null, thick = e.trouble ? 4 : size === null ? 1.2 : 3.5 + (4.6 * (size - (low + high) / 2)) / Math.max(high - low, 2);
        thick = Math.max(1, Math.min(6, thick));
        var look = (e.trouble ? " bad" : "") + (e.state === "none" ? " none" : e.state === "not visited" ? " lost" : ""), tip = els[e.v], arrow = !tip.port && !(tip.inner >= 0);
        var way = "M" + pts[0].join(" ");
        for (var i = 1; i < pts.length; i++) {
          var a = pts[i - 1], b = pts[i], m = (a[1] + b[1]) / 2;
          way += Math.abs(a[0] - b[0]) < 0.5 ? "L" + b.join(" ") : "C" + [a[0], m, b[0], m, b[0], b[1]].join(" ");
        }
        var p = e.back ? pts[0] : pts[pts.length - 1], s = e.back ? 1 : -1, n = 5 + thick;
        lines.push('<g class="link"><path class="e' + look + '" stroke-width="' + thick.toFixed(1) + '" d="' + way + '"/>' + (arrow ? '<path class="h' + look + '" d="M' + p.join(" ") + "l" + -n * 0.6 + " " + s * n + "h" + n * 1.2 + 'z"/>' : "") + "</g>");
        edges.push([els[e.u].item && els[e.u].item.key, els[e.v].item && els[e.v].item.key]);
        if (e.label && e.chain.length) {
          var l = els[e.chain[0]], top = oy + l.y - l.h / 2;
          labels.push('<rect class="paper" fill-opacity=".85" x="' + (ox + l.x - l.w / 2) + '" y="' + top + '" width="' + l.w + '" height="' + l.h + '"/>');
          e.lines.forEach(function (w, k) { labels.push(text("l" + (e.trouble && k ? " a" : ""), ox + l.x, top + 10 + 13 * k, w, true)); });
        }
      });
    }
    if (!where[current]) current = lay.items(0)[0].key;
    pane.innerHTML = '<svg width="100%" height="100%" role="group" aria-label="' + escaped(d.title + ". " + HELP) + '"><rect class="paper" width="100%" height="100%"/><g class="all">' +
      frames.join("") + lines.join("") + labels.join("") + cards.join("") + "</g></svg>";
    group(current).setAttribute("tabindex", 0);
    box.dataset.cards = cards.length;
    move();
  }
  function group(key) { return pane.querySelector('g[data-key="' + key + '"]'); }
  function say(key) {
    var it = where[key] && where[key].item;
    if (!it) return;
    var c = about(it);
    told.textContent = [c.title + c.rest + (c.badge ? "  #" + c.badge : "") + "  " + words(c).join(" · ")].concat(c.said).join("\n");
    pane.querySelectorAll("g.link").forEach(function (g, i) {
      var on = edges[i].indexOf(key) >= 0;
      g.querySelectorAll("path").forEach(function (p) { p.classList.toggle("now", on); });
    });
  }
  function focus(key, quiet) {
    var old = group(current), now = group(key);
    if (!now) return;
    if (old) { old.setAttribute("tabindex", -1); old.querySelector("rect").classList.remove("here"); }
    current = key;
    now.setAttribute("tabindex", 0);
    now.querySelector("rect").classList.add("here");
    if (!quiet) now.focus({ preventScroll: true });
    say(key);
    box.dataset.current = key;
  }
  function seen(key) { // bring a card into sight
    var p = where[key], x = p.x * view.k + view.x, y = p.y * view.k + view.y;
    if (x < 0 || y < 0 || x + Math.min(p.w, 200) * view.k > pane.clientWidth || y + 40 * view.k > pane.clientHeight) center(key);
  }
  function around(b) { var all = []; for (; b >= 0; b = d.blocks[b].parent) all.push(b); return all; }
  function limit(keep) { // what was opened longest ago closes, so that the figure stays quick
    function shown() { var n = 0; open.forEach(function (b) { if (around(b).every(function (k) { return open.has(k); })) n += lay.items(b).length; }); return n; }
    Array.from(open).forEach(function (b) { if (shown() > MOST && keep.indexOf(b) < 0) open.delete(b); });
  }
  function toggle(key) {
    var it = where[key].item;
    if (!it || it.block < 0) return;
    var x = where[key].x + where[key].w / 2, y = where[key].y;
    if (open.has(it.block)) open.delete(it.block); else { open.add(it.block); limit(around(it.block)); }
    draw();
    view.x += (x - where[key].x - where[key].w / 2) * view.k; // the block stays where it was
    view.y += (y - where[key].y) * view.k;
    move();
    focus(key);
    if (open.has(it.block)) seen(key);
  }
  function seek(step) {
    var wanted = field.value.trim().toLowerCase();
    if (!wanted) { count.textContent = ""; return; }
    if (field.dataset.of !== wanted) {
      field.dataset.of = wanted;
      hits = [];
      function look(c, key) { if ([c.title + c.rest].concat(c.lines, c.said).join(" ").toLowerCase().indexOf(wanted) >= 0) hits.push(key); }
      d.blocks.forEach(function (b, k) { if (k) look(b.card, "b" + k); });
      d.cards.forEach(function (c, k) { look(c, "c" + k); });
      hit = step > 0 ? -1 : 0;
    }
    if (!hits.length) { count.textContent = "nothing found"; return; }
    hit = (hit + step + hits.length) % hits.length;
    count.textContent = (hit + 1) + " of " + hits.length;
    var key = hits[hit], n = Number(key.slice(1)), at = key[0] === "b" ? d.blocks[n].lo : n, b = 0, keep = [0];
    for (;;) { // open what contains it
      var it = lay.items(b)[lay.holder(b, at)];
      if (it.key === key || it.block < 0) break;
      open.delete(it.block);
      open.add((b = it.block));
      keep.push(b);
    }
    limit(keep);
    draw();
    if (view.k < 0.6) view.k = 0.8;
    center(key);
    focus(key, true);
  }
  function step(dx, dy) {
    var p = where[current], x = p.x + p.w / 2, y = p.y + Math.min(p.h, 20) / 2, best = null, least = Infinity;
    Object.keys(where).forEach(function (k) {
      if (k === current || k === "b0") return;
      var q = where[k], ax = q.x + q.w / 2 - x, ay = q.y + Math.min(q.h, 20) / 2 - y, along = ax * dx + ay * dy, across = Math.abs(ax * dy) + Math.abs(ay * dx);
      if (along > 1 && along + 2 * across < least) { least = along + 2 * across; best = k; }
    });
    if (best) { focus(best); seen(best); }
  }
  var ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  figure.addEventListener("keydown", function (e) {
    e.stopPropagation();
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    if (e.target === field) {
      if (e.key === "Enter") { e.preventDefault(); seek(e.shiftKey ? -1 : 1); }
      if (e.key === "Escape" && where[current]) focus(current);
      return;
    }
    if (!pane.contains(e.target) && e.key !== "/") return;
    var way = ways[e.key], it = where[current] && where[current].item, up = where[current] && where[current].parent;
    if (way && e.shiftKey) { view.x -= 60 * way[0]; view.y -= 60 * way[1]; move(); }
    else if (way) step(way[0], way[1]);
    else if (e.key === "+" || e.key === "=") zoom(1.25);
    else if (e.key === "-") zoom(0.8);
    else if (e.key === "0") fit(0.02);
    else if (e.key === "/") field.focus();
    else if (e.key === "Enter" || e.key === " ") toggle(current);
    else if (e.key === "Escape" && it && it.block >= 0 && open.has(it.block)) toggle(current);
    else if (e.key === "Escape" && up && up !== "b0") { focus(up); toggle(up); }
    else return;
    e.preventDefault();
  });
  var from = null, moved = false;
  pane.addEventListener("pointerdown", function (e) { if (!e.button) { from = [e.clientX, e.clientY]; moved = false; } });
  pane.addEventListener("pointermove", function (e) {
    if (!from) return;
    if (!moved && Math.hypot(e.clientX - from[0], e.clientY - from[1]) < 4) return;
    if (!moved) { moved = true; pane.setPointerCapture(e.pointerId); }
    view.x += e.clientX - from[0]; view.y += e.clientY - from[1];
    from = [e.clientX, e.clientY];
    move();
  });
  ["pointerup", "pointercancel"].forEach(function (n) { pane.addEventListener(n, function () { from = null; }); });
  pane.addEventListener("click", function (e) {
    var g = e.target.closest("g[data-key]");
    if (moved) { moved = false; return; }
    if (!g) { if (group(current)) group(current).focus({ preventScroll: true }); return; }
    focus(g.dataset.key);
    toggle(g.dataset.key);
  });
  pane.addEventListener("pointerover", function (e) { var g = e.target.closest("g[data-key]"); if (g && !from) say(g.dataset.key); });
  pane.addEventListener("focusin", function (e) { var g = e.target.closest("g[data-key]"); if (g && g.dataset.key !== current) focus(g.dataset.key, true); else if (g) say(current); if (g && g.matches(":focus-visible")) seen(current); });
  pane.addEventListener("wheel", function (e) {
    if (!e.ctrlKey && !pane.contains(document.activeElement)) return; // the page scrolls until the figure is in use
    e.preventDefault();
    var r = pane.getBoundingClientRect();
    zoom(Math.exp(-e.deltaY * 0.0015), e.clientX - r.left, e.clientY - r.top);
  }, { passive: false });
  field.addEventListener("input", function () { count.textContent = ""; });
  function theme() { // the text's colour tells the theme, whoever set it
    var rgb = getComputedStyle(box).color.match(/[\d.]+/g).slice(0, 3).map(Number);
    box.classList.toggle("dark", rgb[0] + rgb[1] + rgb[2] > 380);
  }
  function begin() { // open from the outside inwards what fits
    open = new Set([0]);
    var n = lay.items(0).length, queue = [0];
    while (queue.length) { // the blocks within one block all together or not at all
      var blocks = lay.items(queue.shift()).map(function (it) { return it.block; }).filter(function (b) { return b >= 0; });
      var more = blocks.reduce(function (sum, b) { return sum + lay.items(b).length; }, 0);
      if (n + more > FIRST) continue;
      n += more;
      blocks.forEach(function (b) { open.add(b); queue.push(b); });
    }
    draw();
    fit(0.6);
  }
  box.querySelector("img").replaceWith(figure);
  box.querySelector(".still").remove();
  theme();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", theme);
  [document.documentElement, document.body].forEach(function (el) {
    new MutationObserver(function () { setTimeout(theme, 50); }).observe(el, { attributes: true });
  });
  begin();
  box.dataset.ready = "yes";
}
if (typeof DecompressionStream === "undefined") return;
unpack("DATA").then(function (d) {
  d = read(d);
  document.querySelectorAll("div.NAME:not([data-taken])").forEach(function (box) {
    box.dataset.taken = "yes";
    start(box, d);
  });
});
