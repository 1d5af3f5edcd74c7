"""Carry a drawing into a notebook in a form that every front end shows, also where scripts and SVG are stripped."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from hashlib import sha256

from .words import markup


def picture(svg: str, alt: str) -> str:
    """Return an ``<img>`` that carries an SVG within itself.

    An inline SVG is stripped from notebooks that are not trusted, which every cloned one is; an image is kept.
    """
    data = base64.b64encode(svg.encode()).decode("ascii")
    return f'<img alt="{markup(alt)}" src="data:image/svg+xml;base64,{data}" style="max-width:100%;height:auto">'


def player(pages: Sequence[tuple[str, str, Sequence[tuple[str, str]]]], notes: Sequence[str] = ()) -> str:
    """Return pages of (headline, picture, (what, words) pairs) as HTML: a static sequence that scripts make a player.

    Without scripts each page is a ``<details>`` to fold open, which the strictest front ends keep.
    """
    body = []
    for k, (headline, image, lines) in enumerate(pages):
        words = "".join(f"<li><b>{markup(what)}</b>: {markup(said)}</li>" for what, said in lines)
        body.append(
            f"<details{' open' if k == 0 else ''}><summary>{markup(headline)}</summary>"
            f"<ul>{words}</ul>{image}</details>"
        )
    body += [f"<p>{markup(note)}</p>" for note in notes]
    inside = "".join(body)
    # the name comes from the content, so that equal cells build equal bytes
    name = "ags" + sha256(inside.encode()).hexdigest()[:10]
    return f'<div class="{name}">{inside}</div><script>{_SCRIPT.replace("NAME", name)}</script>'


# Buttons exist only where this ran. One page is shown at a time; on the slider the arrow keys turn pages.
_SCRIPT = """
document.querySelectorAll("div.NAME").forEach(function (box) {
  if (box.dataset.ready) return;
  box.dataset.ready = "1";
  var pages = box.querySelectorAll("details"), at = 0, timer = null, bar = document.createElement("div");
  function show(k) {
    at = Math.max(0, Math.min(pages.length - 1, k));
    pages.forEach(function (page, i) { page.hidden = i !== at; page.open = true; });
    back.disabled = at === 0;
    next.disabled = at === pages.length - 1;
    slide.value = at;
    if (next.disabled) stop();
  }
  function stop() { clearInterval(timer); timer = null; play.textContent = "Play"; }
  function button(words, act) {
    var b = document.createElement("button");
    b.type = "button"; b.textContent = words; b.onclick = act; b.style.marginRight = "6px";
    bar.appendChild(b);
    return b;
  }
  var back = button("Back", function () { stop(); show(at - 1); });
  var play = button("Play", function () {
    if (timer) { stop(); return; }
    if (at === pages.length - 1) show(0);
    play.textContent = "Pause";
    timer = setInterval(function () { show(at + 1); }, 1500);
  });
  var next = button("Next", function () { stop(); show(at + 1); });
  var slide = document.createElement("input");
  slide.type = "range"; slide.min = 0; slide.max = pages.length - 1;
  slide.setAttribute("aria-label", "step");
  slide.oninput = function () { stop(); show(Number(slide.value)); };
  bar.appendChild(slide);
  box.insertBefore(bar, box.firstChild);
  show(0);
});
""".strip()
