"""Take the README's pictures of the site again, after `make site`: python tests/browser/site_pictures.py [FOLDER]."""

import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
SITE, FOLDER = ROOT / "build" / "site", ROOT / "docs" / "images"
COLOURS = 96  # enough for flat areas and text, and a third of the bytes


def take(page, cell, above, path):
    """Save what stands in the window when a cell lies `above` pixels below its upper edge."""
    page.evaluate("() => window.MathJax?.startup?.promise")
    page.evaluate(
        f"() => scrollTo(0, document.getElementById('cell-{cell}').getBoundingClientRect().y + scrollY - {above})"
    )
    page.wait_for_timeout(1000)
    Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(COLOURS).save(path, optimize=True)


def main(folder=FOLDER):
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        window = {"width": 1100, "height": 760}
        page = browser.new_page(viewport=window, color_scheme="light")
        page.goto((SITE / "01_numpy_backprop.html").as_uri())
        take(page, "chain-rule-drawn", 300, folder / "site_lesson.png")
        page = browser.new_page(viewport=window, color_scheme="dark")
        page.goto((SITE / "gallery.html").as_uri())
        for _ in range(3):
            page.get_by_role("button", name="Next").first.click()
        take(page, "steps", 140, folder / "site_gallery.png")
        browser.close()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
