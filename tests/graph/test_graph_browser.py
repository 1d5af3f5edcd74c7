"""What a browser makes of the drawings: text measured in its own fonts, and the player with and without scripts."""

import shutil
from contextlib import contextmanager

import pytest
from lesson_graphs import LESSON_GRAPHS, two_layer_net

from tutor import graph

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine to measure drawings in"),
]
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

# every text of a card against the outline of its card, every drawn thing against the drawing
OUTSIDE = """() => {
  const svg = document.querySelector("svg"), all = svg.getBoundingClientRect(), bad = [];
  const inside = (a, b) => a.left >= b.left && a.right <= b.right && a.top >= b.top - 1 && a.bottom <= b.bottom + 1;
  for (const text of svg.querySelectorAll("text")) {
    const card = text.parentNode.tagName === "g" ? text.parentNode.querySelector(".c").getBoundingClientRect() : all;
    if (!inside(text.getBoundingClientRect(), card)) bad.push(text.textContent);
  }
  for (const shape of svg.querySelectorAll("path, rect:not(.paper)"))
    if (!inside(shape.getBoundingClientRect(), all)) bad.push(shape.outerHTML);
  return bad;
}"""


@contextmanager
def pages(**options):
    with sync_api.sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        context = browser.new_context(**options)
        context.set_default_timeout(300_000)  # only a hang takes so long, on however busy a machine
        yield context
        browser.close()


def recorded(build):
    loss, leaves = build()
    with graph.record(loss, params=leaves) as g:
        loss.backward()
    return g


def test_no_text_leaves_its_card_and_nothing_is_clipped():
    drawings = {name: recorded(build).svg() for name, build in LESSON_GRAPHS.items()}
    wide = {"\u6c34" * 40: 0, "\U0001f680" * 40: 0, "W" * 40: 0}
    loss, leaves = two_layer_net()
    drawings |= {name: graph.trace(loss, params={name: leaves["w1"]}).svg() for name in wide}
    with pages() as context:
        page = context.new_page()
        for name, svg in drawings.items():
            page.set_content(svg)
            assert page.evaluate(OUTSIDE) == [], name


def test_a_drawing_is_dark_where_the_reader_s_theme_is():
    svg = recorded(two_layer_net).svg()
    papers = []
    for scheme in ("light", "dark"):
        with pages(color_scheme=scheme) as context:
            page = context.new_page()
            page.set_content(svg)
            papers.append(page.evaluate("getComputedStyle(document.querySelector('.paper')).fill"))
    assert papers == ["rgb(255, 255, 255)", "rgb(21, 24, 29)"]


def test_with_scripts_the_steps_are_a_player_that_shows_one_at_a_time():
    steps = recorded(two_layer_net).steps()
    with pages() as context:
        page = context.new_page()
        page.set_content(steps.html())
        shown = page.locator("details:visible summary")
        assert shown.all_inner_texts() == [f"Step 1 of {len(steps)}: SumBackward0 (loss)"]
        page.get_by_role("button", name="Next").click()
        assert shown.all_inner_texts() == [f"Step 2 of {len(steps)}: PowBackward0"]
        page.get_by_role("button", name="Back").click()
        assert page.get_by_role("button", name="Back").is_disabled()
        page.get_by_role("button", name="Play").click()
        page.wait_for_function("[...document.querySelectorAll('details')].findIndex(d => !d.hidden) >= 1")
        page.get_by_role("button", name="Pause").click()
        assert page.get_by_role("button", name="Play").is_visible()


def test_without_scripts_every_step_stands_there():
    steps = recorded(two_layer_net).steps()
    with pages(java_script_enabled=False) as context:
        page = context.new_page()
        page.set_content(steps.html())
        assert page.locator("details:visible").count() == len(steps)
        assert page.locator("button").count() == 0
        page.locator("summary").nth(2).click()
        assert page.locator("details[open] img").count() == 2
