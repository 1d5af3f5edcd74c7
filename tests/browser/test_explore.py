"""A graph to explore, saved as a page and used as readers use it: by mouse and by keyboard, light and dark."""

import os
import re
from pathlib import Path

import pytest
import torch
from torch import nn

from tutor import graph

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]
AXE = Path(__file__).parents[2] / "build" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
AUDIT = """
() => axe.run(document, {resultTypes: ['violations']}).then(found => found.violations.filter(
  v => ['serious', 'critical'].includes(v.impact)).map(v => v.id + ': ' + v.nodes[0].html.slice(0, 200)))
"""


def transformer():
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
    model = nn.TransformerEncoder(layer, 12, enable_nested_tensor=False)
    with graph.watch(model) as watched:
        loss = model(torch.randn(2, 5, 16)).pow(2).mean()
    with graph.record(loss, watched) as g:
        loss.backward()
    return g


def long_chain():
    x = y = torch.ones(2, requires_grad=True)
    for k in range(10_000):
        y = y.sin() + y.cos() if k % 3 else y * 1.0
    return graph.trace(y.sum(), params={"start_of_it_all": x})


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explore")
    return {
        build.__name__: build().explore().save(folder / f"{build.__name__}.html") for build in (transformer, long_chain)
    }


@pytest.fixture
def opened(saved, browser):
    """Open a saved figure; what it asks of others, and every error, has to be nothing at the end."""
    contexts, strange = [], []

    def go(name="transformer", **options):
        context = browser.new_context(viewport={"width": 1200, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on(
            "request", lambda r: strange.append(r.url) if not r.url.startswith(("file:", "data:", "blob:")) else None
        )
        page.on("pageerror", lambda error: strange.append(str(error)))
        page.goto(saved[name].as_uri())
        if options.get("java_script_enabled", True):
            page.wait_for_selector("[data-ready]", timeout=60_000)
        return page

    yield go
    for context in contexts:
        context.close()
    assert strange == []


def shown(page):
    return page.locator("g[data-key]").count()


def layer(page, number):
    return page.get_by_role("button", name=re.compile(rf"layers\.{number}(?![.\d])"))


def test_a_click_opens_a_block_and_another_closes_it(opened):
    page = opened()
    before = shown(page)
    block = layer(page, 11)
    assert block.get_attribute("aria-expanded") == "false"
    block.click()
    assert block.get_attribute("aria-expanded") == "true"
    assert shown(page) > before
    assert page.get_by_role("button", name="layers.11.norm2").count() == 1
    block.click(position={"x": 5, "y": 5})
    assert shown(page) == before


def test_the_keyboard_reaches_opens_and_closes_blocks(opened):
    page = opened()
    before = shown(page)

    def focused():
        return page.evaluate(
            "[document.activeElement.tagName, document.activeElement.getAttribute('aria-label') || '']"
        )

    def press(key, until, most):
        for _ in range(most):
            page.keyboard.press(key)
            if until(*focused()):
                return
        raise AssertionError(f"{key} does not lead there, but to {focused()}")

    press("Tab", lambda tag, name: tag == "g" and "output" in name, 8)  # one stop for all cards, which is the output
    press("ArrowDown", lambda tag, name: re.search(r"layers\.11(?![.\d])", name), 8)
    page.keyboard.press("Enter")
    assert shown(page) > before
    page.keyboard.press("ArrowDown")
    assert "layers.11." in focused()[1]
    page.keyboard.press("Escape")
    assert shown(page) == before
    assert re.search(r"layers\.11(?![.\d])", focused()[1])
    page.keyboard.press("/")
    assert focused()[0] == "INPUT"
    page.keyboard.press("Escape")
    assert focused()[0] == "g"
    page.keyboard.press("Tab")
    assert focused()[0] != "g"
    press("Shift+Tab", lambda tag, name: tag == "g", 1)
    press("Shift+Tab", lambda tag, name: tag == "INPUT", 8)


def test_the_card_that_the_keyboard_comes_back_to_is_in_sight(opened):
    page = opened()
    pane = page.locator("svg").bounding_box()
    for _ in range(2):
        page.mouse.move(pane["x"] + 20, pane["y"] + 500)
        page.mouse.down()
        page.mouse.move(pane["x"] + 20, pane["y"] + 20, steps=4)
        page.mouse.up()
    card = page.locator("g[data-key][tabindex='0']")
    assert card.bounding_box()["y"] < pane["y"]
    page.get_by_role("button", name="Start").focus()
    page.keyboard.press("Tab")
    assert pane["y"] <= card.bounding_box()["y"] < pane["y"] + pane["height"]


def test_a_finger_scrolls_the_page_past_the_figure_until_it_is_in_use(opened):
    page = opened(has_touch=True)
    may = "getComputedStyle(document.querySelector('.pane')).touchAction"
    assert page.evaluate(may) == "pan-y pinch-zoom"
    layer(page, 11).tap()
    assert page.evaluate(may) == "none"
    page.get_by_role("searchbox").tap()
    assert page.evaluate(may) == "pan-y pinch-zoom"


def test_search_opens_what_contains_a_match_and_tells_of_it(opened):
    page = opened()
    page.keyboard.press("Tab")
    page.keyboard.type("layers.7.linear1.weight")
    page.keyboard.press("Enter")
    assert page.get_by_text("1 of 1", exact=True).count() == 1
    card = page.locator("g[data-key]", has_text="layers.7.linear1.weight").last
    assert "received (32, 16)" in page.locator(".told").inner_text()
    pane, at = page.locator("svg").bounding_box(), card.bounding_box()
    assert pane["y"] < at["y"] < pane["y"] + pane["height"]
    page.get_by_role("searchbox").fill("no such thing")
    page.keyboard.press("Enter")
    assert page.get_by_text("nothing found").count() == 1


def test_it_zooms_and_moves(opened):
    page = opened()

    def view():
        return [float(v) for v in page.locator("[data-ready]").get_attribute("data-view").split()]

    x, y, k = view()
    page.get_by_role("button", name="Zoom in").click()
    assert view()[2] > k
    x, y, k = view()
    box = page.locator("svg").bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 150, steps=4)
    page.mouse.up()
    assert view() == [pytest.approx(x + 100, abs=0.1), pytest.approx(y - 50, abs=0.1), k]
    page.locator("g[data-key]").first.focus()
    page.keyboard.press("-")
    assert view()[2] < k


def test_hovering_a_card_tells_its_details(opened):
    page = opened()
    page.locator("g[data-key]", has_text="Pow").hover()
    assert "Its local rule" in page.locator(".told").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_follows_the_theme_and_axe_finds_no_serious_fault(opened, scheme):
    page = opened(color_scheme=scheme)
    layer(page, 11).click()
    paper = page.evaluate("getComputedStyle(document.querySelector('rect.paper')).fill")
    assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(21, 24, 29)"}[scheme]
    if folder := os.environ.get("TUTOR_SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"explore-{scheme}.png"))
    if not AXE.exists():
        pytest.skip("axe-core is not here: `make site` installs it where npm is")
    page.add_script_tag(path=str(AXE))
    assert page.evaluate(AUDIT) == []


def test_without_scripts_the_picture_stands_there(opened):
    page = opened(java_script_enabled=False)
    assert page.locator("img[alt^='Autograd graph of']").evaluate("i => i.naturalWidth") > 100
    assert page.locator("button").count() == 0


def test_a_graph_of_20_000_nodes_is_opened_moved_and_searched(opened):
    page = opened("long_chain")
    assert 1 < shown(page) <= 40
    for _ in range(2):
        page.locator("g[aria-expanded=false]").first.click()
    assert 40 < shown(page) <= 500
    page.keyboard.press("Shift+ArrowDown")
    page.get_by_role("searchbox").fill("start_of_it_all")
    page.keyboard.press("Enter")
    assert "start_of_it_all" in page.locator(".told").inner_text()
    assert shown(page) <= 500
