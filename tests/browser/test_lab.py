"""A reader's evening in a real browser: lesson 01 in JupyterLab, from Run All to a solved exercise.

Screenshots are kept in the folder that TUTOR_SCREENSHOTS names, for eyes to look at.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: install it to see the notebooks in a real browser"),
]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
NOTEBOOK = "01_numpy_backprop.ipynb"
WRONG = """@exercise("numpy_backprop.relu_backward")
def relu_backward(grad_h_relu, h):
    return grad_h_relu * (grad_h_relu > 0)"""
BROKEN = """@exercise("numpy_backprop.polynomial")
def polynomial(x, a, b, c, d):
    return a + b * x + c * x**2 + d * y"""
RIGHT = WRONG.replace("(grad_h_relu > 0)", "(h > 0)")


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """`tutor lab` on fresh copies; gives (folder, address, environment)."""
    folder = tmp_path_factory.mktemp("lab")
    environment = {
        **os.environ,
        "TUTOR_HOME": str(folder / "home"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
    }
    log = folder / "log.txt"
    command = [sys.executable, "-m", "tutor", "lab", str(folder / "work"), "--no-browser"]
    with log.open("w") as sink:
        server = subprocess.Popen(command, stdout=sink, stderr=sink, env=environment, cwd=folder)
    try:
        yield folder, _address(log), environment
    finally:
        server.terminate()
        server.wait(20)


def _address(log):
    for _ in range(120):
        if found := re.search(r"http://(?:localhost|127\.0\.0\.1):(\d+)/\S*token=(\w+)", log.read_text()):
            return f"http://127.0.0.1:{found[1]}", found[2]
        time.sleep(0.5)
    raise AssertionError(f"JupyterLab did not start:\n{log.read_text()}")


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


class Reader:
    """Does with a notebook in JupyterLab what a reader does."""

    def __init__(self, browser, address, notebook):
        self.page = browser.new_page(viewport={"width": 1280, "height": 1000})
        base, token = address
        self.page.goto(f"{base}/lab/tree/{notebook}?token={token}&reset")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        self.page.get_by_text(re.compile(r"\| Idle")).wait_for(timeout=60_000)

    def run_all(self, last):
        self.menu("Run", "Run All Cells")
        self.page.wait_for_selector(f"text={last}", timeout=120_000)

    def menu(self, *names):
        for name in names:
            self.page.locator(".lm-MenuBar-item, .lm-Menu-item").filter(
                has=self.page.get_by_text(name, exact=True)
            ).first.click()

    def cell(self, text):
        found = self.page.locator(".jp-CodeCell", has_text=text).first
        found.scroll_into_view_if_needed()
        return found

    def write(self, cell, text):
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)
        self.page.keyboard.press("Shift+Enter")

    def write_below(self, cell, text):
        cell.locator(".jp-InputPrompt").click()
        self.page.keyboard.press("Escape")
        self.page.keyboard.press("b")
        self.page.keyboard.press("Enter")
        self.page.keyboard.insert_text(text)
        self.page.keyboard.press("Shift+Enter")

    def sees(self, text):
        self.page.get_by_text(text).last.wait_for(timeout=30_000)
        return True

    def save(self):
        self.page.keyboard.press("Control+s")
        time.sleep(2)

    def picture(self, name):
        if folder := os.environ.get("TUTOR_SCREENSHOTS"):
            self.page.screenshot(path=str(Path(folder) / f"{name}.png"))

    def too_wide(self):
        """Outputs that would have to be scrolled sideways."""
        return self.page.evaluate(
            "[...document.querySelectorAll('.jp-OutputArea-output')]"
            ".filter(o => o.scrollWidth > o.clientWidth + 1).map(o => o.innerText.slice(0, 80))"
        )


@pytest.fixture(scope="module")
def reader(lab, browser):
    return Reader(browser, lab[1], NOTEBOOK)


def test_run_all_reaches_the_bottom_of_an_untouched_notebook(reader):
    reader.run_all("of 8")
    assert reader.sees("0 of 8")
    reader.picture("progress")
    reader.cell('exercise("numpy_backprop.relu_backward")')
    assert reader.sees("our own solution is lent")
    reader.picture("todo")


def test_a_wrong_answer_is_told_its_cause_on_the_page(reader):
    reader.write(reader.cell('exercise("numpy_backprop.relu_backward")'), WRONG)
    assert reader.sees("You zero the entries where")
    assert reader.sees("Which array tells whether the ReLU let a value through?")
    reader.cell('exercise("numpy_backprop.relu_backward")')
    reader.picture("wrong")


def test_a_hint_is_given_on_request(reader):
    reader.write_below(reader.cell('exercise("numpy_backprop.relu_backward")'), "hint()")
    assert reader.sees("Hint 2 of 4")
    reader.picture("hint")


def test_a_right_answer_moves_the_progress(reader):
    cell = reader.cell('exercise("numpy_backprop.relu_backward")')
    reader.write(cell, RIGHT)
    assert reader.sees("Right on all 3 test inputs")
    reader.write_below(cell, "progress()\nsolution('numpy_backprop.relu_backward')")
    assert reader.sees("1 of 8") and reader.sees("Yours")
    reader.picture("right")


def test_nothing_has_to_be_scrolled_sideways(reader):
    assert reader.too_wide() == []


def test_resetting_one_exercise_brings_its_stub_back_and_leaves_the_rest(lab, reader, browser):
    folder, address, environment = lab
    reader.save()
    command = [sys.executable, "-m", "tutor", "reset", "numpy_backprop", "relu_backward", "--in", "work"]
    said = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True).stdout
    assert "is to do again" in said
    cells = json.loads((folder / "work" / NOTEBOOK).read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells]
    assert not any("return grad_h_relu * (h > 0)" in source for source in sources) and "hint()" in sources
    again = Reader(browser, address, NOTEBOOK)
    assert "..." in again.cell('exercise("numpy_backprop.relu_backward")').text_content()
    again.page.close()


def test_an_untrusted_copy_shows_reports_and_pictures_with_their_alt_text(lab, browser):
    folder, address, _ = lab
    notebook = json.loads((folder / "work" / NOTEBOOK).read_text(encoding="utf-8"))
    notebook["cells"].append({"cell_type": "markdown", "id": "foreign", "metadata": {}, "source": "changed elsewhere"})
    (folder / "work" / "untrusted.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    reader = Reader(browser, address, "untrusted.ipynb")
    reader.cell("plots.chain(")
    image = reader.page.locator("img[alt*='values forward']").first
    image.wait_for(timeout=30_000)
    assert image.evaluate("i => i.naturalWidth") > 500
    assert reader.sees("To do")
    reader.picture("untrusted")
    reader.page.close()


def test_the_dark_theme_is_legible(lab, browser):
    reader = Reader(browser, lab[1], NOTEBOOK)
    reader.menu("Settings", "Theme", "JupyterLab Dark")
    reader.page.wait_for_selector("body[data-jp-theme-light='false']", state="attached", timeout=30_000)
    reader.cell('exercise("numpy_backprop.polynomial_gradients")')
    reader.write(reader.cell('exercise("numpy_backprop.polynomial")'), BROKEN)
    assert reader.sees("It stopped")
    card = reader.page.locator(".jp-OutputArea-output p").last
    colours = card.evaluate("p => [getComputedStyle(p).color, getComputedStyle(document.body).backgroundColor]")
    assert colours[0] != colours[1]
    time.sleep(1)
    reader.picture("dark")
    assert reader.too_wide() == []
    reader.page.close()
