"""Figures that move: a frame of a chart beside matplotlib's, and how long a drag takes in a browser.

The second part opens every page of the site that holds a figure (`make site` builds it) in Chromium and moves each
first control through all its states: from the control's event until the next picture has loaded.
A frame of a screen lasts 17 ms.
"""

import shutil
import statistics
import time
from pathlib import Path

import numpy as np

from tutor import plots

SITE = Path(__file__).parents[2] / "build" / "site"
STEPS = np.arange(300)
DRAG = """async figure => {
  const control = figure.querySelector('input[type=range], select'), image = figure.querySelector('img'), all = [];
  const asked = figure.querySelector('p.guess input');
  if (asked) { asked.value = 'x'; figure.querySelector('p.guess button').click(); }
  figure.scrollIntoView({ block: 'center' });  // what nobody sees yet, a browser loads later
  for (let k = 0; k < 20; k++) await new Promise(requestAnimationFrame);
  const count = control.options ? control.options.length : Number(control.max) + 1;
  for (let k = 0; k < count; k++) {
    const shown = image.src, from = performance.now();
    const loaded = new Promise(done => { image.onload = done; });
    control.value = k;
    control.dispatchEvent(new Event('input'));
    if (image.src === shown) continue;
    await loaded;
    all.push(performance.now() - from);
  }
  return all;
}"""


def chart(rate):
    """A frame as a chart of ours."""
    marks = [plots.Line(STEPS, 1e4 * np.exp(-rate * STEPS), "loss"), plots.Line([0, 300], [2, 2], "best", 1, 1)]
    return plots.Chart("loss", plots.Axis("step", 0, 300), plots.Axis("loss", 1, 1e5, log=True), marks, "a loss")


def matplotlib(rate):
    """The same frame by matplotlib."""
    return plots.loss_curves({"loss": 1e4 * np.exp(-rate * STEPS)}, floor=2.0, floor_label="best")


def seconds(draw, repeats=15):
    """Median time of a frame."""
    taken = []
    for k in range(repeats):
        start = time.perf_counter()
        draw(0.01 + 0.001 * k).svg()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def frames():
    """Print time and size of a frame, ours and matplotlib's, and their ratios."""
    ours, theirs = seconds(chart), seconds(matplotlib)
    small, large = (
        len(plots.explore(draw, {"rate": [0.001 * k for k in range(1, 21)]}).html()) for draw in (chart, matplotlib)
    )
    print(f"a frame: {1e3 * ours:.1f} ms, matplotlib {1e3 * theirs:.0f} ms, ratio {theirs / ours:.0f}")
    print(f"20 frames: {small / 1e3:.0f} kB, of matplotlib's {large / 1e3:.0f} kB, ratio {large / small:.1f}")


def drags():
    """Print for each page the time of a drag."""
    pages = [page for page in sorted(SITE.glob("*.html")) if "tutor-move" in page.read_text(encoding="utf-8")]
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if not pages or chromium is None:
        print("drags: SKIPPED, they need the built site (make site) and Chromium")
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for path in pages:
            page = browser.new_page()
            page.goto(path.as_uri())
            page.evaluate("() => document.querySelectorAll('details').forEach(d => d.open = true)")
            page.wait_for_function("() => [...document.querySelectorAll('.tutor-move')].every(f => f.dataset.ready)")
            taken = [ms for f in page.locator("div.tutor-move").all() for ms in f.evaluate(DRAG)]
            middle, most = statistics.median(taken), max(taken)
            print(f"{path.name}: a drag takes {middle:.0f} ms (median of {len(taken)}), at most {most:.0f}")
            page.close()
        browser.close()


if __name__ == "__main__":
    frames()
    drags()
