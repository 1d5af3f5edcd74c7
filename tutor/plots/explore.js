(function () {
  // Unpack the frames of every figure of this name, and put controls above it. Without this the first frame stands still.
  function unpack(text) {
    var bytes = Uint8Array.from(atob(text), function (c) { return c.charCodeAt(0); });
    var stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).json();
  }
  function make(tag, words, inside) {
    var it = document.createElement(tag);
    it.textContent = words;
    if (inside) inside.appendChild(it);
    return it;
  }
  function start(box, d) {
    var image = box.querySelector("img"), urls = [], held = [], at = [], controls = [], timer = null, shown = d.first;
    var bar = document.createElement("div"), told = document.createElement("p");
    bar.style.cssText = "display:flex;flex-wrap:wrap;gap:6px 18px;align-items:center;margin:4px 0";
    told.setAttribute("role", "status");
    told.style.cssText = "max-width:600px;margin:2px 0;font-size:90%";
    box.querySelector(".still").replaceWith(told);
    function frame() { return at.reduce(function (k, v, i) { return k * d.values[i].length + v; }, 0); }
    function url(k) {
      if (!urls[k]) {
        var svg = d.frames[k].map(function (i) { return d.lines[i]; }).join("\n");
        urls[k] = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
      }
      return urls[k];
    }
    // parsed ahead, one at a time and once a hand comes near, so that a drag shows each picture in the next frame
    function ahead() {
      var k = held.length;
      if (k === d.frames.length) return;
      held.push(new Image());
      held[k].src = url(k);
      held[k].decode().catch(function () {}).then(function () { setTimeout(ahead, 0); });
    }
    function near() { if (!held.length) ahead(); }
    function show() {
      var k = frame();
      // the first state is there already: to ask for it anew would break off its loading
      if (k !== shown) { shown = k; image.src = url(k); }
      image.alt = told.textContent = d.alts[k];
      box.dataset.state = at.map(function (v, i) { return d.values[i][v]; }).join(" | ");
    }
    function set(i, v) {
      at[i] = v;
      controls[i].value = v;
      if (d.slides[i]) {
        controls[i].setAttribute("aria-valuetext", d.values[i][v]);
        controls[i].nextSibling.textContent = d.values[i][v];
      }
      show();
    }
    function stop() { clearInterval(timer); timer = null; play.textContent = "Play"; }
    var left = d.first;
    for (var i = d.values.length - 1; i >= 0; i--) {
      at[i] = left % d.values[i].length;
      left = Math.floor(left / d.values[i].length);
    }
    d.labels.forEach(function (label, i) {
      var holder = make("label", label + " ", bar), it;
      if (d.slides[i]) {
        it = make("input", "", holder);
        it.type = "range"; it.min = 0; it.max = d.values[i].length - 1; it.step = 1;
        it.style.verticalAlign = "middle";
        make("output", "", holder).style.cssText = "display:inline-block;min-width:4em;margin-left:6px";
      } else {
        it = make("select", "", holder);
        d.values[i].forEach(function (v, k) { make("option", v, it).value = k; });
      }
      controls[i] = it;
      it.addEventListener("input", function () { stop(); set(i, Number(it.value)); });
    });
    var moving = Math.max(0, d.slides.indexOf(true)), play = make("button", "Play", bar);
    play.type = "button";
    play.onclick = function () {
      if (timer) return stop();
      if (at[moving] === d.values[moving].length - 1) set(moving, 0);
      play.textContent = "Pause";
      timer = setInterval(function () {
        set(moving, at[moving] + 1);
        if (at[moving] === d.values[moving].length - 1) stop();
      }, 600);
    };
    box.insertBefore(bar, image);
    box.addEventListener("pointerenter", near);
    bar.addEventListener("focusin", near);
    at.forEach(function (v, i) { set(i, v); });
    var note = make("p", "");
    note.className = "guess";
    function unlock(guess) {
      controls.concat(play).forEach(function (c) { c.disabled = false; });
      note.textContent = "Your prediction: " + guess + ". " + d.answer;
    }
    if (d.guess) { box.insertBefore(note, bar); unlock(d.guess); }
    if (d.locked) {
      controls.concat(play).forEach(function (c) { c.disabled = true; });
      var ask = make("label", "Predict first: ", note), field = make("input", "", ask), go = make("button", "Unlock", note);
      field.type = "text"; go.type = "button"; go.style.marginLeft = "6px";
      go.onclick = function () { if (field.value.trim()) { unlock(field.value.trim()); controls[0].focus(); } };
      field.addEventListener("keydown", function (e) { e.stopPropagation(); if (e.key === "Enter") go.onclick(); });
      box.insertBefore(note, bar);
    }
    // keys that move a control are the figure's, not the notebook's
    bar.addEventListener("keydown", function (e) { e.stopPropagation(); });
    box.dataset.ready = "yes";
  }
  if (typeof DecompressionStream === "undefined") return;
  unpack("DATA").then(function (d) {
    document.querySelectorAll("div.NAME:not([data-taken])").forEach(function (box) {
      box.dataset.taken = "yes";
      start(box, d);
    });
  });
})();
