"""Figures that move, by mouse and by keyboard: in JupyterLab, in an exported file, and on every page of the site."""

import subprocess
import sys

import pytest

from tests.browser.test_site import AUDIT, AXE, SITE, VIEWS, address, opened, view  # noqa: F401  fixtures

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]
NOTEBOOK = "01_numpy_backprop.ipynb"
WITH_FIGURES = sorted(p.name for p in SITE.glob("*.html") if "tutor-move" in p.read_text(encoding="utf-8"))


def unlock(figure):
    """Type a prediction, as a reader does where no kernel runs."""
    asked = figure.locator("p.guess input")
    if asked.count():
        assert figure.locator("input[type=range], select").first.is_disabled()
        asked.fill("my guess")
        asked.press("Enter")
        assert "my guess" in figure.locator("p.guess").inner_text()


def move(page, figure):
    """Move every control of a figure by key and by mouse; each changes the state, the alt text and the picture."""
    figure.scroll_into_view_if_needed()
    page.wait_for_function("f => f.dataset.ready === 'yes'", arg=figure.element_handle())
    unlock(figure)
    image = figure.locator("img")
    now = lambda: (figure.get_attribute("data-state"), image.get_attribute("src"))  # noqa: E731
    for slider in figure.locator("input[type=range]").all():
        slider.focus()
        page.keyboard.press("Home")
        first = now()
        page.keyboard.press("End")
        assert now()[0] != first[0] and now()[1] != first[1]
        assert slider.get_attribute("aria-valuetext") in now()[0]
        last, box = now(), slider.bounding_box()
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        assert now()[0] != last[0]
    for choice in figure.locator("select").all():
        before = now()
        choice.focus()
        page.keyboard.press("ArrowUp" if choice.input_value() != "0" else "ArrowDown")
        page.keyboard.press("Enter")  # where the arrow has opened the list, this takes what it stands on
        changed = "([f, before]) => f.dataset.state !== before"
        page.wait_for_function(changed, arg=[figure.element_handle(), before[0]])
    assert image.get_attribute("alt") == figure.locator("p[role=status]").inner_text()
    page.wait_for_function("i => i.complete && i.naturalWidth > 0", arg=image.element_handle())


class TestInJupyterLab:
    @pytest.fixture(scope="class")
    @classmethod
    def reader(cls, open_notebook):
        reader = open_notebook(NOTEBOOK)
        reader.run_all()
        yield reader
        reader.page.close()

    @pytest.mark.parametrize("light", [True, False], ids=["light", "dark"])
    def test_it_moves_in_both_themes(self, reader, light):
        reader.theme("JupyterLab Light" if light else "JupyterLab Dark", light=light)
        figure = reader.page.locator("div.tutor-move").first
        move(reader.page, figure)
        reader.picture(f"figure-{'light' if light else 'dark'}")
        assert reader.too_wide() == []

    def test_a_prediction_typed_in_the_cell_opens_it(self, reader):
        cell = reader.cell("def at_rate")
        text = "\n".join(cell.locator(".cm-line").all_inner_texts())
        reader.write(cell, text.replace("guess=...", "guess=3e-6"))
        told = cell.locator("p.guess")
        told.wait_for(timeout=30_000)
        reader.page.wait_for_function("p => p.innerText.includes('3e-06')", arg=told.element_handle())
        assert cell.locator("input[type=range]").is_enabled()

    def test_it_moves_in_an_exported_file_that_asks_no_server(self, lab, reader, browser):
        folder = lab[0]
        reader.save(folder / "work" / NOTEBOOK)
        command = [sys.executable, "-m", "nbconvert", "--to", "html", str(folder / "work" / NOTEBOOK)]
        subprocess.run(command, check=True, capture_output=True)
        page = browser.new_page()
        page.goto((folder / "work" / NOTEBOOK).with_suffix(".html").as_uri())
        move(page, page.locator("div.tutor-move").first)
        page.close()

    def test_where_scripts_are_dropped_it_stands_still_and_says_so(self, lab, reader, browser):
        context = browser.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto((lab[0] / "work" / NOTEBOOK).with_suffix(".html").as_uri())
        figure = page.locator("div.tutor-move").first
        assert "run the cell to move it" in figure.inner_text()
        assert figure.locator("img").get_attribute("alt") and not figure.locator("input").count()
        context.close()


@pytest.mark.parametrize("name", WITH_FIGURES or ["(no page has one)"])
def test_every_figure_of_a_page_moves_without_a_kernel(name, opened):  # noqa: F811
    if not WITH_FIGURES:
        pytest.skip("the site is not built here, or holds no figure: run `make site`")
    page, strange = opened(name)
    page.evaluate("() => document.querySelectorAll('details').forEach(d => d.open = true)")
    figures = page.locator("div.tutor-move")
    for number in range(figures.count()):
        move(page, figures.nth(number))
    if AXE.exists():
        page.add_script_tag(path=str(AXE))
        assert page.evaluate(AUDIT) == []
    assert strange == []
