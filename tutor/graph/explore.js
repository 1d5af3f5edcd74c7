// The figure: what is open is laid out and drawn, the rest is data. Without this script the still picture stands there.
function start(box, d) {
  var FIRST = 40, MOST = 500;
  var HELP = "Drag to move, scroll to zoom once the figure is in use. Arrow keys go from card to card, Shift and " +
    "arrows move, + and - zoom, 0 shows all, Enter opens or closes, Escape closes what contains the card, / searches.";
  var paint = painter(d), lay = paint.lay, about = paint.about, words = paint.words;
  var open = new Set([0]), current = "", where = {}, edges = [], view = { x: 0, y: 0, k: 1 }, hits = [], hit = -1;
  function make(tag, text, inside, label) {
    var it = document.createElement(tag);
    it.textContent = text;
    if (label) { it.setAttribute("aria-label", label); it.title = label; }
    inside.appendChild(it);
    return it;
  }
  function button(text, label, act) {
    var b = make("button", text, bar, label);
    b.type = "button";
    b.style.margin = "0 4px 0 0";
    b.onclick = act;
  }
  // JupyterLab would take keys for its own commands otherwise
  box.setAttribute("data-lm-suppress-shortcuts", "true");
  var figure = document.createElement("div"), bar = make("div", "", figure);
  bar.style.cssText = "display:flex;flex-wrap:wrap;align-items:center;gap:4px;margin:4px 0";
  var field = make("input", "", make("label", "Search ", bar));
  field.type = "search";
  button("Next", "Next match", function () { seek(1); });
  button("+", "Zoom in", function () { zoom(1.25); });
  button("\u2212", "Zoom out", function () { zoom(0.8); });
  button("Fit", "Fit all that is open", function () { fit(0.02); });
  button("Start", "Start again with what was open at first", function () { begin(); });
  var count = make("span", "", bar);
  count.setAttribute("role", "status");
  var pane = make("div", "", figure);
  pane.style.cssText = "height:min(70vh,560px);min-height:240px;overflow:hidden;resize:vertical;" +
    "border:1px solid #6b7680;cursor:grab";
  pane.className = "pane";
  var told = make("div", HELP, figure);
  told.className = "told";
  told.setAttribute("role", "status");
  told.setAttribute("aria-live", "polite");
  told.style.cssText = "min-height:5.5em;font-size:90%;white-space:pre-line;overflow-wrap:anywhere;margin:4px 0";
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
  function draw() {
    var drawn = paint.draw(open);
    where = drawn.where;
    edges = drawn.edges;
    if (!where[current]) current = lay.items(0)[0].key;
    pane.innerHTML = '<svg width="100%" height="100%" role="group" aria-label="' + escaped(d.title + ". " + HELP) +
      '"><rect class="paper" width="100%" height="100%"/><g class="all">' + drawn.svg + "</g></svg>";
    group(current).setAttribute("tabindex", 0);
    box.dataset.cards = drawn.cards;
    move();
  }
  function group(key) { return pane.querySelector('g[data-key="' + key + '"]'); }
  function say(key) {
    var it = where[key] && where[key].item;
    if (!it) return;
    var c = about(it);
    var head = c.title + c.rest + (c.badge ? "  #" + c.badge : "") + "  " + words(c).join(" · ");
    told.textContent = [head].concat(c.said).join("\n");
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
    var right = x + Math.min(p.w, 200) * view.k, bottom = y + 40 * view.k;
    if (x < 0 || y < 0 || right > pane.clientWidth || bottom > pane.clientHeight) center(key);
  }
  function around(b) { var all = []; for (; b >= 0; b = d.blocks[b].parent) all.push(b); return all; }
  function limit(keep) { // what was opened longest ago closes, so that the figure stays quick
    function isOpen(b) { return open.has(b); }
    function shown() {
      var seen = Array.from(open).filter(function (b) { return around(b).every(isOpen); });
      return seen.reduce(function (n, b) { return n + lay.items(b).length; }, 0);
    }
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
      function look(c, key) {
        var all = [c.title + c.rest].concat(c.lines, c.said).join(" ");
        if (all.toLowerCase().indexOf(wanted) >= 0) hits.push(key);
      }
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
      var q = where[k], ax = q.x + q.w / 2 - x, ay = q.y + Math.min(q.h, 20) / 2 - y;
      var along = ax * dx + ay * dy, across = Math.abs(ax * dy) + Math.abs(ay * dx);
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
  pane.addEventListener("pointerdown", function (e) {
    if (!e.button) { from = [e.clientX, e.clientY]; moved = false; }
  });
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
  pane.addEventListener("pointerover", function (e) {
    var g = e.target.closest("g[data-key]");
    if (g && !from) say(g.dataset.key);
  });
  pane.addEventListener("focusin", function (e) {
    var g = e.target.closest("g[data-key]");
    if (!g) return;
    if (g.dataset.key === current) say(current); else focus(g.dataset.key, true);
    if (g.matches(":focus-visible")) seen(current); // a press of the mouse may not move what it is about to click
  });
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
      var blocks = lay.items(queue.shift()).map(function (it) { return it.block; });
      blocks = blocks.filter(function (b) { return b >= 0; });
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
