"""Every notebook of the series in JupyterLab, light and dark, from top to bottom; its pictures are for eyes to look at.

`make look` runs it: it takes minutes, and what a person sees in the pictures is the better half of it.
"""

import os
from pathlib import Path

import pytest

from tutor.lessons.registry import series

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]
if not os.environ.get("TUTOR_SCREENSHOTS"):
    pytest.skip("runs every notebook in a browser, which takes minutes: run `make look`", allow_module_level=True)

PAGE = 2400  # pixels of one picture's height
OUTPUTS = "[...document.querySelectorAll('.jp-OutputArea-output')]"
FAULTY = OUTPUTS + ".filter(o => /error|stderr/.test(o.dataset.mimeType)).map(o => o.innerText.slice(0, 300))"
WITHOUT_ALT = OUTPUTS + ".flatMap(o => [...o.querySelectorAll('img')]).filter(i => !i.alt).map(i => i.src.slice(0, 60))"


@pytest.mark.parametrize("lesson", series(), ids=lambda lesson: lesson.name)
def test_it_runs_to_its_end_and_shows_everything(lesson, open_notebook):
    reader = open_notebook(lesson.filename)
    try:
        reader.theme("JupyterLab Light", light=True)
        reader.run_to_the_end()
        assert reader.page.evaluate(FAULTY) == []
        assert reader.page.evaluate(WITHOUT_ALT) == []
        assert reader.too_wide() == []
        photograph(reader, f"{lesson.label}_light")
        reader.theme("JupyterLab Dark", light=False)
        assert reader.too_wide() == []
        photograph(reader, f"{lesson.label}_dark")
    finally:
        reader.theme("JupyterLab Light", light=True)
        reader.page.close()


def photograph(reader, name):
    """Keep the whole notebook, page by page."""
    reader.page.set_viewport_size({"width": 1280, "height": PAGE})
    scroller = "document.querySelector('.jp-WindowedPanel-outer')"
    height = reader.page.evaluate(f"{scroller}.scrollHeight")
    for number, top in enumerate(range(0, height, PAGE - 200)):
        reader.page.evaluate(f"{scroller}.scrollTop = {top}")
        reader.page.wait_for_timeout(300)
        reader.page.screenshot(path=str(Path(os.environ["TUTOR_SCREENSHOTS"]) / f"{name}_{number:02d}.png"))
