"""A JupyterLab server on fresh copies, a browser, and a reader who does what readers do.

Screenshots are kept in the folder that TUTOR_SCREENSHOTS names, for eyes to look at.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tutor.lessons.registry import find_lesson

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
HANG = 300_000  # milliseconds that only a hang takes, on however busy a machine
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def pytest_collection_modifyitems(items):
    """Skip every test here, with its reason, where there is no Chromium."""
    if CHROMIUM is None:
        reason = "no Chromium here: install it to see the notebooks in a real browser"
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=reason))


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
    # cells that are out of sight stay in the page, so that tests can look at them
    tracker = folder / "settings" / "@jupyterlab" / "notebook-extension" / "tracker.jupyterlab-settings"
    tracker.parent.mkdir(parents=True)
    tracker.write_text('{"windowingMode": "none"}')
    log = folder / "log.txt"
    command = [sys.executable, "-m", "tutor", "lab", str(folder / "work"), "--no-browser"]
    with log.open("w") as sink:
        server = subprocess.Popen(command, stdout=sink, stderr=sink, env=environment, cwd=folder)
    try:
        address = _address(log)
        yield folder, address, environment
    finally:
        server.terminate()
        server.wait(HANG / 1000)
    with socket.socket() as probe:
        port = int(address[0].rpartition(":")[2])
        assert probe.connect_ex(("127.0.0.1", port)) != 0, "JupyterLab outlived `tutor lab`"


def _address(log):
    for _ in range(HANG // 500):
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
        self.lesson = notebook.removesuffix(".ipynb")
        self.page = browser.new_page(viewport={"width": 1280, "height": 1000})
        self.page.set_default_timeout(HANG)
        base, token = address
        self.page.goto(f"{base}/lab/tree/{notebook}?token={token}&reset")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell")
        self.page.get_by_text(re.compile(r"\| Idle")).wait_for()

    def run_all(self):
        """Run every cell and wait for the progress in the last one."""
        self.menu("Run", "Run All Cells")
        self.page.wait_for_selector(f"text={self.progress(0)}")

    def progress(self, solved):
        """What the row of this lesson says in the table of the progress."""
        exercises = find_lesson(self.lesson).exercises.values()
        return f"{solved} of {sum(asked.kind != 'program' for asked in exercises)}"

    def run_to_the_end(self):
        """Run every cell, however long that takes, until none is waiting."""
        self.menu("Run", "Run All Cells")
        waiting = "[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].some(p => p.innerText.includes('*'))"
        self.page.wait_for_timeout(2000)
        self.page.wait_for_function(f"!{waiting}", timeout=3 * HANG)

    def theme(self, name, light):
        """Change the theme and wait until the page has it."""
        if self.page.evaluate("document.body.dataset.jpThemeLight") != str(light).lower():
            self.menu("Settings", "Theme", name)
            self.page.wait_for_selector(f"body[data-jp-theme-light='{str(light).lower()}']", state="attached")

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
        self.page.get_by_text(text).last.wait_for()
        return True

    def save(self, path):
        """Save, and wait until the file on disk has the outputs."""
        for _ in range(HANG // 1000):
            self.menu("File", "Save Notebook")
            time.sleep(1)
            if '"output_type"' in path.read_text(encoding="utf-8"):
                return
        raise AssertionError(f"{path} was not saved")

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
def open_notebook(lab, browser):
    """Open a notebook of the reader's copies in JupyterLab."""
    return lambda name: Reader(browser, lab[1], name)


@pytest.fixture(scope="module")
def reader(request, open_notebook):
    """A reader who has opened the module's notebook."""
    return open_notebook(request.module.NOTEBOOK)
