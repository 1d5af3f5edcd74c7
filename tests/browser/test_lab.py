"""A reader's evening in a real browser: lesson 01 in JupyterLab, from Run All to a solved exercise."""

import json
import subprocess
import sys
import time

import pytest

from tutor import exercises

# one after the other on one worker: each test goes on where the one before has stopped
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]
NOTEBOOK = "01_numpy_backprop.ipynb"
WRONG = """@exercise("numpy_backprop.relu_backward")
def relu_backward(grad_h_relu, h):
    return grad_h_relu * (grad_h_relu > 0)"""
BROKEN = """@exercise("numpy_backprop.polynomial")
def polynomial(x, a, b, c, d):
    return a + b * x + c * x**2 + d * y"""
RIGHT = WRONG.replace("(grad_h_relu > 0)", "(h > 0)")


def test_run_all_reaches_the_bottom_of_an_untouched_notebook(reader):
    reader.run_all()
    assert reader.sees(reader.progress(0))
    reader.picture("progress")
    reader.cell('exercise("numpy_backprop.relu_backward")')
    assert reader.sees("our own solution is lent")
    reader.picture("todo")


def test_a_wrong_answer_is_told_its_cause_on_the_page(reader):
    reader.write(reader.cell('exercise("numpy_backprop.relu_backward")'), WRONG)
    assert reader.sees("come out as 0. The gate")
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
    assert reader.sees(f"Right on all {len(exercises['numpy_backprop.relu_backward'].probed())} test inputs")
    reader.write_below(cell, "progress()\nsolution('numpy_backprop.relu_backward')")
    assert reader.sees(reader.progress(1)) and reader.sees("Yours")
    reader.picture("right")


def test_nothing_has_to_be_scrolled_sideways(reader):
    assert reader.too_wide() == []


def test_resetting_one_exercise_brings_its_stub_back_and_leaves_the_rest(lab, reader, open_notebook):
    folder, _, environment = lab
    reader.save(folder / "work" / NOTEBOOK)
    command = [sys.executable, "-m", "tutor", "reset", "numpy_backprop", "relu_backward", "--in", "work"]
    said = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True).stdout
    assert "is to do again" in said
    cells = json.loads((folder / "work" / NOTEBOOK).read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells]
    assert not any("return grad_h_relu * (h > 0)" in source for source in sources) and "hint()" in sources
    again = open_notebook(NOTEBOOK)
    assert "..." in again.cell('exercise("numpy_backprop.relu_backward")').text_content()
    again.page.close()


def test_an_untrusted_copy_shows_reports_and_pictures_with_their_alt_text(lab, open_notebook):
    folder = lab[0]
    notebook = json.loads((folder / "work" / NOTEBOOK).read_text(encoding="utf-8"))
    notebook["cells"].append({"cell_type": "markdown", "id": "foreign", "metadata": {}, "source": "changed elsewhere"})
    (folder / "work" / "untrusted.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    reader = open_notebook("untrusted.ipynb")
    reader.cell("plots.chain(")
    image = reader.page.locator("img[alt*='values forward']").first
    image.wait_for()
    assert image.evaluate("i => i.naturalWidth") > 500
    assert reader.sees("To do")
    reader.picture("untrusted")
    reader.page.close()


def test_the_dark_theme_is_legible(open_notebook):
    reader = open_notebook(NOTEBOOK)
    reader.theme("JupyterLab Dark", light=False)
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
