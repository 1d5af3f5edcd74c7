"""The drawings of lesson 05 in JupyterLab: trusted and not, light and dark."""

import json
import time

import pytest

# one after the other on one worker: each test goes on where the one before has stopped
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]
NOTEBOOK = "05_autograd.ipynb"
PICTURES = ".jp-OutputArea-output img[alt]"


def test_every_cell_runs_and_every_picture_has_words(reader):
    reader.run_all()
    assert reader.sees(reader.progress(0))
    errors = reader.page.locator("[data-mime-type='application/vnd.jupyter.error']")
    assert errors.count() == 0, errors.first.text_content()
    alts = reader.page.locator(".jp-OutputArea-output img").evaluate_all("all => all.map(i => i.alt)")
    assert len(alts) >= 5 and all(len(alt) > 20 for alt in alts)


def test_the_drawings_appear_in_their_size_and_need_no_scrolling(reader):
    first = reader.page.locator(PICTURES).first
    first.scroll_into_view_if_needed()
    assert first.evaluate("i => i.naturalWidth") > 100
    reader.picture("graph_light")
    assert reader.too_wide() == []


def test_an_untrusted_copy_shows_the_drawings(lab, reader, open_notebook):
    folder = lab[0] / "work"
    reader.save(folder / NOTEBOOK)
    notebook = json.loads((folder / NOTEBOOK).read_text(encoding="utf-8"))
    notebook["cells"].append({"cell_type": "markdown", "id": "foreign", "metadata": {}, "source": "changed elsewhere"})
    (folder / "untrusted.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    other = open_notebook("untrusted.ipynb")
    image = other.page.locator(PICTURES).first
    image.scroll_into_view_if_needed()
    image.wait_for()
    assert image.evaluate("i => i.naturalWidth") > 100
    other.picture("graph_untrusted")
    other.page.close()


def test_the_drawings_are_there_in_the_dark_theme(open_notebook):
    other = open_notebook(NOTEBOOK)
    other.menu("Settings", "Theme", "JupyterLab Dark")
    other.page.wait_for_selector("body[data-jp-theme-light='false']", state="attached")
    image = other.page.locator(PICTURES).first
    image.scroll_into_view_if_needed()
    image.wait_for()
    time.sleep(1)
    other.picture("graph_dark")
    assert image.is_visible()
    other.page.close()
