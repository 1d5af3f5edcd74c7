// The picture of what is open, as SVG: cards, frames and links where the layout puts them, and where each stands.
function unpack(text) {
  var bytes = Uint8Array.from(atob(text), function (c) { return c.charCodeAt(0); });
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).json();
}
function read(d) { // numbers back into texts
  function w(i) { return d.words[i]; }
  function card(a) {
    return {
      kind: w(a[0]), title: w(a[1]), rest: w(a[2]), badge: w(a[3]), tag: a[4].map(w), lines: a[5].map(w),
      faint: a[6].map(w), marks: a[7].map(w), said: a[8].map(w),
    };
  }
  return {
    title: d.title,
    cards: d.cards.map(card),
    blocks: d.blocks.map(function (b) { return { parent: b[0], lo: b[1], hi: b[2], card: card(b.slice(3)) }; }),
    links: d.links.map(function (l) {
      return { a: l[0], b: l[1], state: w(l[2]), label: l[3].map(w), norm: l[4], trouble: w(l[5]) };
    }),
  };
}
function escaped(text) {
  return text.replace(/[&<>"]/g, function (c) { return { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" }[c]; });
}
function painter(d) {
  var pen = document.createElement("canvas").getContext("2d"), sizes = {}, norms = [];
  var FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace";
  d.links.forEach(function (l) { if (l.norm > 0) norms.push(Math.log10(l.norm)); });
  var low = norms.reduce(function (a, b) { return Math.min(a, b); }, 0);
  var high = norms.reduce(function (a, b) { return Math.max(a, b); }, low);
  function long(text, size, bold) {
    pen.font = (bold ? "700 " : "") + size + "px " + FONT;
    return pen.measureText(text).width;
  }
  function about(it) { return it.block >= 0 ? d.blocks[it.block].card : d.cards[it.lo]; }
  function words(c) { return c.tag.concat(c.lines, c.faint, c.marks); }
  function cardSize(it) {
    if (sizes[it.key]) return sizes[it.key];
    var c = about(it), head = long(c.title + c.rest, 13, true) + (it.block >= 0 ? 20 : 0);
    if (c.badge) head += long("#" + c.badge, 10) + 14;
    var wide = Math.max.apply(null, [head].concat(words(c).map(function (t) { return long(t, 11); })));
    var margin = c.kind === "parameter" || c.kind === "leaf" ? 36 : 24;
    return (sizes[it.key] = { w: wide + margin, h: 26 + 14 * words(c).length });
  }
  function labelSize(e) {
    var all = e.links.map(function (k) { return d.links[k]; });
    var flowed = all.filter(function (l) { return l.state === "flowed"; });
    e.trouble = (flowed.find(function (l) { return l.trouble; }) || {}).trouble || "";
    e.norm = Math.hypot.apply(null, flowed.map(function (l) { return l.norm || 0; }));
    e.state = flowed.length ? "flowed" : all[0].state;
    e.lines = all.length === 1 || !flowed.length ? all[0].label
      : [flowed.length + (flowed.length > 1 ? " gradients" : " gradient"),
        e.trouble || "‖g‖ " + Number(e.norm.toPrecision(3))];
    if (!e.lines.length) return null;
    return { w: Math.max.apply(null, e.lines.map(function (t) { return long(t, 10); })) + 8, h: 13 * e.lines.length };
  }
  var lay = layouter(d, cardSize, labelSize);
  function box(x, y, w, h) { return ' x="' + x + '" y="' + y + '" width="' + w + '" height="' + h + '"/>'; }
  function text(look, x, y, words, anchor) {
    return '<text class="' + look + '"' + (anchor ? ' text-anchor="middle"' : "") + ' x="' + x.toFixed(1) +
      '" y="' + y.toFixed(1) + '">' + escaped(words) + "</text> ";
  }
  function path(c) { return c.faint[0] ? " · " + c.faint[0] : ""; }
  // The name says what stands on the card, in that order: who speaks to the computer calls it by what is read there.
  function aria(key, c, block, open) {
    var number = c.badge ? " #" + c.badge : "", on = open.has(block);
    var name = on ? [c.title + path(c)].concat(c.lines, c.marks, number || [])
      : c.tag.concat(c.title + c.rest + number, c.lines, c.faint, c.marks);
    return 'data-key="' + key + '" tabindex="-1" aria-label="' + escaped(name.join(", ")) + '" ' +
      (block < 0 ? 'role="img"' : 'role="button" aria-expanded="' + on + '"');
  }
  function draw(open) {
    var t = lay.place(0, open), frames = [], lines = [], labels = [], cards = [], edges = [];
    var where = { b0: { x: 0, y: 0, w: t.w, h: t.h, parent: "" } };
    paint(t, 0, 0, "b0", 0);
    function paint(t, ox, oy, key, depth) {
      t.els.forEach(function (e) {
        if (!e.item) return;
        var x = ox + e.x - e.w / 2, y = oy + e.y - e.h / 2, c = about(e.item), k = e.item.key;
        where[k] = { x: x, y: y, w: e.w, h: e.h, parent: key, item: e.item };
        if (e.inner >= 0) {
          var look = depth % 2 ? "frame" : "module";
          frames.push('<rect class="c ' + look + '" rx="8" fill-opacity=".5"' + box(x, y, e.w, e.h));
          var head = "\u2212 " + c.title + path(c), w = Math.min(e.w, long(head, 13, true) + 16);
          cards.push("<g " + aria(k, c, e.item.block, open) + '><rect class="c module" rx="5"' + box(x, y, w, 20) +
            text("t", x + 8, y + 15, head) + "</g>");
          paint(lay.place(e.inner, open), x + lay.PAD, y + lay.HEAD, k, depth + 1);
          return;
        }
        var rx = c.kind === "parameter" ? 14 : c.kind === "leaf" ? 7 : 3, row = y + 18, mid = x + e.w / 2, g = "";
        c.tag.forEach(function (s) { g += text("n", mid, row - 3, s, true); row += 14; });
        g += '<text class="t" text-anchor="middle" x="' + mid + '" y="' + row + '">' +
          (e.item.block >= 0 ? "+ " : "") + escaped(c.title) + '<tspan class="r">' + escaped(c.rest) + "</tspan>" +
          (c.badge ? '<tspan class="b"> #' + escaped(c.badge) + "</tspan>" : "") + "</text> ";
        [["", c.lines], ["s", c.faint], ["a", c.marks]].forEach(function (p) {
          p[1].forEach(function (s) { g += text(p[0], mid, (row += 14), s, true); });
        });
        cards.push("<g " + aria(k, c, e.item.block, open) + '><rect class="c ' + c.kind + '" rx="' + rx + '"' +
          box(x, y, e.w, e.h) + g + "</g>");
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
        e.chain.forEach(function (i) {
          pts.push([ox + els[i].x, oy + els[i].top], [ox + els[i].x, oy + els[i].bottom]);
        });
        pts.push(end(e.lo, false));
        var thick = e.trouble ? 4 : 1.2;
        if (!e.trouble && e.norm > 0) {
          thick = 3.5 + (4.6 * (Math.log10(e.norm) - (low + high) / 2)) / Math.max(high - low, 2);
        }
        thick = Math.max(1, Math.min(6, thick));
        var look = (e.trouble ? " bad" : "") + ({ none: " none", "not visited": " lost" }[e.state] || "");
        var tip = els[e.v], arrow = !tip.port && !(tip.inner >= 0);
        var way = "M" + pts[0].join(" ");
        for (var i = 1; i < pts.length; i++) {
          var a = pts[i - 1], b = pts[i], m = (a[1] + b[1]) / 2;
          way += Math.abs(a[0] - b[0]) < 0.5 ? "L" + b.join(" ") : "C" + [a[0], m, b[0], m, b[0], b[1]].join(" ");
        }
        var p = e.back ? pts[0] : pts[pts.length - 1], s = e.back ? 1 : -1, n = 5 + thick;
        var head = "M" + p.join(" ") + "l" + -n * 0.6 + " " + s * n + "h" + n * 1.2 + "z";
        var width = ' stroke-width="' + thick.toFixed(1) + '"';
        lines.push('<g class="link"><path class="e' + look + '"' + width + ' d="' + way + '"/>' +
          (arrow ? '<path class="h' + look + '" d="' + head + '"/>' : "") + "</g>");
        edges.push([els[e.u].item && els[e.u].item.key, els[e.v].item && els[e.v].item.key]);
        if (e.label && e.chain.length) {
          var l = els[e.chain[0]], top = oy + l.y - l.h / 2;
          labels.push('<rect class="paper" fill-opacity=".85"' + box(ox + l.x - l.w / 2, top, l.w, l.h));
          e.lines.forEach(function (w, k) {
            labels.push(text("l" + (e.trouble && k ? " a" : ""), ox + l.x, top + 10 + 13 * k, w, true));
          });
        }
      });
    }
    return { where: where, edges: edges, cards: cards.length, svg: [].concat(frames, lines, labels, cards).join("") };
  }
  return { lay: lay, about: about, words: words, draw: draw };
}
