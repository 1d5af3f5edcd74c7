// Where everything stands: the inside of each open block in ranks, as layout.py does it, and its borders' ports.
// A link that leaves a block runs to a port on its border, and goes on from there in the block around it.
function layouter(d, cardSize, labelSize) {
  var GAP = 18, ROW = 16, PAD = 14, HEAD = 26, MOST_PORTS = 8, known = [], listed = [], out = [], into = [];
  d.cards.forEach(function () { out.push([]); into.push([]); });
  d.links.forEach(function (l, k) { out[l.a].push(k); into[l.b].push(k); });
  var below = d.blocks.map(function () { return []; });
  d.blocks.forEach(function (b, k) { if (k) below[b.parent].push(k); });

  function items(b) { // what a block holds directly: cards and blocks, in order
    if (listed[b]) return listed[b];
    var all = [], at = d.blocks[b].lo;
    function cards(end) { for (; at < end; at++) all.push({ lo: at, hi: at + 1, block: -1, key: "c" + at }); }
    below[b].forEach(function (k) {
      cards(d.blocks[k].lo);
      all.push({ lo: d.blocks[k].lo, hi: d.blocks[k].hi, block: k, key: "b" + k });
      at = d.blocks[k].hi;
    });
    cards(d.blocks[b].hi);
    return (listed[b] = all);
  }
  function holder(b, card) { // the place in items(b) of what holds a card
    var all = items(b), lo = 0, hi = all.length - 1;
    while (lo < hi) { var mid = (lo + hi + 1) >> 1; if (all[mid].lo <= card) lo = mid; else hi = mid - 1; }
    return lo;
  }
  function has(b, card) { return d.blocks[b].lo <= card && card < d.blocks[b].hi; }
  function net(b) {
    if (known[b]) return known[b];
    var up = d.blocks[b].parent, outer = up < 0 ? null : net(up), self = outer ? holder(up, d.blocks[b].lo) : 0;
    var els = items(b).map(function (it) { return { item: it, ord: it.lo }; });
    var t = (known[b] = { els: els, edges: [] }), ports = {}, edges = {}, met = [], sides = {};
    function top(inwards, j) { return (outer.els[j].ord < outer.els[self].ord); }
    function raw(inwards, card) { return has(up, card) ? holder(up, card) : outer.port(inwards, card); }
    t.portAt = function (inwards, j) {
      var side = inwards + ":" + top(inwards, j);
      var key = Object.keys(sides[side] || {}).length > MOST_PORTS ? side : inwards + "/" + j;
      if (ports[key] === undefined) {
        ports[key] = els.length;
        els.push({ port: true, upper: top(inwards, j), ord: top(inwards, j) ? -1 : Infinity });
      }
      return ports[key];
    };
    t.port = function (inwards, card) { return t.portAt(inwards, raw(inwards, card)); };
    function join(u, v, k) {
      if (u === v) return;
      var key = u + ">" + v;
      if (!edges[key]) t.edges.push((edges[key] = { u: u, v: v, links: [] }));
      edges[key].links.push(k);
    }
    for (var i = d.blocks[b].lo; i < d.blocks[b].hi; i++) {
      out[i].forEach(function (k) {
        var other = d.links[k].b;
        if (has(b, other)) join(holder(b, i), holder(b, other), k); else met.push([false, i, other, k]);
      });
      into[i].forEach(function (k) { if (!has(b, d.links[k].a)) met.push([true, i, d.links[k].a, k]); });
    }
    met.forEach(function (m) {
      var j = raw(m[0], m[2]), side = m[0] + ":" + top(m[0], j);
      (sides[side] = sides[side] || {})[j] = true;
    });
    met.forEach(function (m) {
      var p = t.port(m[0], m[2]), own = holder(b, m[1]);
      if (m[0]) join(p, own, m[3]); else join(own, p, m[3]);
    });
    rank(t);
    order(t);
    return t;
  }
  function rank(t) {
    var els = t.els, from = els.map(function () { return []; }), fed = els.map(function () { return false; });
    var tops = els.some(function (e) { return e.port && e.upper; }), last = 0;
    t.edges.forEach(function (e) {
      e.back = els[e.u].ord > els[e.v].ord; // against the order: drawn upwards
      e.hi = e.back ? e.v : e.u;
      e.lo = e.back ? e.u : e.v;
      from[e.hi].push(e.lo);
      fed[e.lo] = true;
    });
    els.forEach(function (e) { e.rank = tops && !(e.port && e.upper) ? 2 : 0; });
    els.map(function (e, i) { return i; })
      .sort(function (a, b) { return els[a].ord === els[b].ord ? a - b : els[a].ord - els[b].ord; })
      .forEach(function (i) {
        from[i].forEach(function (j) { els[j].rank = Math.max(els[j].rank, els[i].rank + 2); });
      });
    els.forEach(function (e) { if (!(e.port && !e.upper)) last = Math.max(last, e.rank); });
    els.forEach(function (e) { if (e.port && !e.upper) e.rank = last + 2; });
    els.forEach(function (e, i) { // what nothing leads to stands just above its use
      if (!e.port && !fed[i] && from[i].length)
        e.rank = Math.max(e.rank, Math.min.apply(null, from[i].map(function (j) { return els[j].rank; })) - 2);
    });
    t.parts = [];
    t.edges.forEach(function (e) {
      e.label = els[e.u].port || els[e.v].port ? null : labelSize(e);
      e.chain = [];
      var before = e.hi;
      for (var r = els[e.hi].rank + 1; r < els[e.lo].rank; r++) {
        els.push({ bend: true, rank: r, label: e.chain.length ? null : e.label });
        t.parts.push({ p: before, q: els.length - 1, e: e });
        e.chain.push((before = els.length - 1));
      }
      t.parts.push({ p: before, q: e.lo, e: e });
    });
    t.above = els.map(function () { return []; });
    t.below = els.map(function () { return []; });
    t.parts.forEach(function (s) { t.below[s.p].push(s); t.above[s.q].push(s); });
  }
  function order(t) {
    var els = t.els, rows = [], seen = [], place = [], best, fewest, bad = 0;
    els.forEach(function (e) { while (rows.length <= e.rank) rows.push([]); });
    var stack = els.map(function (e, i) { return i; }).filter(function (i) { return !t.above[i].length; }).reverse();
    while (stack.length) {
      var i = stack.pop();
      if (seen[i]) continue;
      seen[i] = true;
      rows[els[i].rank].push(i);
      t.below[i].slice().reverse().forEach(function (s) { stack.push(s.q); });
    }
    function note(row) { row.forEach(function (i, p) { place[i] = p; }); }
    function crossings() {
      var sum = 0;
      rows.forEach(function (row) {
        var ends = [];
        row.forEach(function (i) {
          var mine = t.below[i].map(function (s) { return place[s.q]; });
          mine.forEach(function (x) { ends.forEach(function (y) { if (y > x) sum++; }); });
          ends = ends.concat(mine);
        });
      });
      return sum;
    }
    rows.forEach(note);
    fewest = crossings();
    best = rows.map(function (row) { return row.slice(); });
    for (var sweep = 0; sweep < 10 && fewest && bad < 4; sweep++) {
      (sweep % 2 ? rows.slice().reverse() : rows).forEach(function (row) {
        var key = {};
        row.forEach(function (i) {
          var near = (sweep % 2 ? t.below[i] : t.above[i]).map(function (s) { return place[sweep % 2 ? s.q : s.p]; });
          key[i] = near.length ? near.reduce(function (a, b) { return a + b; }) / near.length : place[i];
        });
        if (sweep % 4 > 1) row.reverse();
        row.sort(function (a, b) { return key[a] - key[b]; });
        note(row);
      });
      var now = crossings();
      bad = now < fewest ? 0 : bad + 1;
      if (now < fewest) { fewest = now; best = rows.map(function (row) { return row.slice(); }); }
    }
    t.rows = best;
  }
  function place(b, open) { // sizes from the inside outwards
    var t = net(b), els = t.els, y = 0;
    els.forEach(function (e) {
      e.inner = e.item && e.item.block >= 0 && open.has(e.item.block) ? e.item.block : -1;
      if (e.inner >= 0) { var n = place(e.inner, open); e.w = n.w + 2 * PAD; e.h = n.h + HEAD + PAD; }
      else if (e.item) { var s = cardSize(e.item); e.w = s.w; e.h = s.h; }
      else { e.w = e.label ? e.label.w : 10; e.h = e.label ? e.label.h : 0; }
    });
    function dx(i, e) { // where on an element an edge ends, from its middle
      if (i !== e.u && i !== e.v || els[i].inner < 0) return 0;
      var n = net(els[i].inner), port = i === e.u ? n.portAt(false, e.v) : n.portAt(true, e.u);
      return n.els[port].x - n.w / 2;
    }
    t.dx = dx;
    t.parts.forEach(function (s) {
      s.po = dx(s.p, s.e);
      s.qo = dx(s.q, s.e);
      s.heavy = els[s.p].bend && els[s.q].bend ? 8 : 1;
    });
    t.rows.forEach(function (row) {
      var x = 0, high = 0;
      row.forEach(function (i, p) {
        if (p) x += (els[row[p - 1]].w + els[i].w) / 2 + GAP;
        els[i].off = els[i].x = x;
        high = Math.max(high, els[i].h);
      });
      row.forEach(function (i) {
        els[i].x -= x / 2;
        els[i].top = y;
        els[i].y = y + high / 2;
        els[i].bottom = y + high;
      });
      y += high + ROW;
    });
    for (var sweep = 0; sweep < 6; sweep++) {
      (sweep % 2 ? t.rows.slice().reverse() : t.rows).forEach(function (row) {
        var pools = [];
        row.forEach(function (i) {
          var sum = 0, weight = 0.02, x;
          function pull(s, x) { sum += s.heavy * x; weight += s.heavy; }
          if (sweep > 3 || sweep % 2 === 0) t.above[i].forEach(function (s) { pull(s, els[s.p].x + s.po - s.qo); });
          if (sweep > 3 || sweep % 2) t.below[i].forEach(function (s) { pull(s, els[s.q].x + s.qo - s.po); });
          if (weight === 0.02) { sum = els[i].x * weight; }
          x = { v: sum / weight - els[i].off, w: weight, n: 1 };
          while (pools.length && pools[pools.length - 1].v > x.v) {
            var o = pools.pop();
            x = { v: (o.v * o.w + x.v * x.w) / (o.w + x.w), w: o.w + x.w, n: o.n + x.n };
          }
          pools.push(x);
        });
        var at = 0;
        pools.forEach(function (o) { for (var k = 0; k < o.n; k++, at++) els[row[at]].x = o.v + els[row[at]].off; });
      });
    }
    var left = Infinity, right = -Infinity;
    els.forEach(function (e) { left = Math.min(left, e.x - e.w / 2); right = Math.max(right, e.x + e.w / 2); });
    els.forEach(function (e) { e.x -= left; });
    t.w = right - left;
    t.h = Math.max(0, y - ROW);
    return t;
  }
  return { items: items, holder: holder, place: place, PAD: PAD, HEAD: HEAD };
}
