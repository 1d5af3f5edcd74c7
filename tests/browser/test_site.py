"""The built site in a browser: on a phone and a desktop, light and dark; `make site` builds it."""

import functools
import http.server
import os
import threading
from pathlib import Path

import pytest

from tutor.lessons import SHELVES

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]
ROOT = Path(__file__).parents[2]
SITE, AXE = ROOT / "build" / "site", ROOT / "build" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
PAGES = sorted(p.relative_to(SITE).as_posix() for s in SHELVES for p in (SITE / s).glob("*.html")) or ["index.html"]
VIEWS = [(width, scheme) for width in (390, 1280) for scheme in ("light", "dark")]

# Outputs, code and formulas may scroll in boxes of their own; nothing else may reach over the edge.
CLIPPED = """
() => [...document.querySelectorAll('article *, header *, footer *')].filter(e => {
  if (e.getBoundingClientRect().right <= document.documentElement.clientWidth + 1 || !e.checkVisibility()) return false;
  for (let box = e.parentElement; box; box = box.parentElement)
    if (['auto', 'scroll', 'hidden'].includes(getComputedStyle(box).overflowX)) return false;
  return !e.closest('.visually-hidden, mjx-assistive-mml');
}).map(e => e.outerHTML.slice(0, 120))
"""
# a picture that has not arrived, or is squeezed out of its proportions
PICTURES = """
() => [...document.querySelectorAll('article img')].filter(i => i.checkVisibility()).filter(
  i => !i.complete || !i.naturalWidth || Math.abs(i.width / i.height * i.naturalHeight / i.naturalWidth - 1) > 0.05
).map(i => i.src + ' ' + i.width + 'x' + i.height)
"""
AUDIT = """
() => axe.run(document, {resultTypes: ['violations']}).then(found => found.violations.filter(
  v => ['serious', 'critical'].includes(v.impact)).map(v => v.id + ': ' + v.nodes[0].html.slice(0, 200)))
"""


@pytest.fixture(scope="module")
def address():
    """The site as any server of static files gives it."""
    if not (SITE / "index.html").exists():
        pytest.skip("the site is not built here: run `make site`")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module", params=VIEWS, ids=lambda view: f"{view[0]}-{view[1]}")
def view(request, browser):
    """A window of one width in one colour scheme."""
    width, scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    context.set_default_timeout(300_000)  # only a hang takes so long, on however busy a machine
    yield context, f"{width}-{scheme}"
    context.close()


@pytest.fixture
def opened(view, address):
    """Open a page and wait for its formulas; every request that leaves the site is noted, and every error."""
    page, strange = view[0].new_page(), []
    page.on("request", lambda r: strange.append(r.url) if not r.url.startswith((address, "data:", "blob:")) else None)
    page.on("requestfailed", lambda r: strange.append(f"failed: {r.url}"))
    page.on("pageerror", lambda error: strange.append(str(error)))

    def go(name):
        page.goto(f"{address}/{name}")
        page.evaluate("() => window.MathJax?.startup?.promise")
        return page, strange

    yield go
    page.close()


@pytest.fixture(scope="module")
def findings():
    """What was found on each page in each window, so that a page is opened once for all that is asked of it."""
    return {}


@pytest.fixture
def look(opened, view, findings):
    """Open a page with all its folds and pictures and return what is wrong with it."""

    def at(name):
        if (key := (name, view[1])) not in findings:
            page, strange = opened(name)
            page.evaluate("() => document.querySelectorAll('details').forEach(d => d.open = true)")
            page.evaluate("() => document.querySelectorAll('img').forEach(i => i.loading = 'eager')")
            page.wait_for_load_state("networkidle")
            if folder := os.environ.get("TUTOR_SCREENSHOTS"):
                page.screenshot(path=str(Path(folder) / f"{Path(name).stem}-{view[1]}.png"), full_page=True)
            found = {
                "too wide": page.evaluate("() => Math.max(0, document.documentElement.scrollWidth - innerWidth)"),
                "clipped": page.evaluate(CLIPPED),
                "pictures": page.evaluate(PICTURES),
                "formulas": page.locator("mjx-merror").all_inner_texts(),
                "elsewhere": strange,
            }
            if AXE.exists():
                page.add_script_tag(path=str(AXE))
                found["axe"] = page.evaluate(AUDIT)
            findings[key] = found
        return findings[key]

    return at


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_clipped_and_no_other_server_is_asked(name, look):
    assert {what: found for what, found in look(name).items() if found and what != "axe"} == {}


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_serious_fault(name, look):
    found = look(name)
    if "axe" not in found:
        pytest.skip("axe-core is not here: `make site` installs it where npm is")
    assert found["axe"] == []


def lessons():
    return [name for name in PAGES if name[:2].isdigit()]


@pytest.mark.parametrize("view", VIEWS[:1], ids=["390-light"], indirect=True)
class TestOnce:
    """What does not depend on the window is tested in one."""

    @pytest.mark.parametrize("name", lessons())
    def test_hints_and_what_a_prediction_is_about_open_on_a_click(self, name, opened):
        page, _ = opened(name)
        folds = page.locator("details.hint, details.answer")
        assert folds.count() >= 3
        assert folds.evaluate_all("all => all.every(d => !d.open)")
        assert page.locator("details.answer > :not(summary)").evaluate_all(
            "all => all.every(e => !e.checkVisibility())"
        )
        first = folds.first
        first.locator("summary").click()
        assert first.locator(":scope > p").first.is_visible()

    def test_the_keyboard_reaches_a_fold_and_opens_it(self, opened):
        page, _ = opened(lessons()[0])
        for _ in range(200):
            page.keyboard.press("Tab")
            if page.evaluate("() => document.activeElement.matches('details.hint > summary')"):
                break
        page.keyboard.press("Enter")
        assert page.evaluate("() => document.activeElement.parentElement.open")

    def test_the_keyboard_opens_the_list_of_pages_and_stays_out_of_it_before(self, opened):
        page, _ = opened("index.html")
        at = "() => document.activeElement.getAttribute('aria-label')"
        for _ in range(10):
            page.keyboard.press("Tab")
            assert not page.evaluate("() => !!document.activeElement.closest('.sidebar-drawer')")
            if page.evaluate(at) == "Pages":
                break
        page.keyboard.press("Enter")
        page.wait_for_selector(".sidebar-drawer a:has-text('Glossary'):visible")
        assert page.evaluate(at) == "Pages"

    def test_search_finds_a_word_without_a_server_of_its_own(self, opened):
        page, strange = opened("search.html?q=broadcasting")
        page.wait_for_selector("#search-results li a")
        assert any("Tensors" in text for text in page.locator("#search-results li a").all_inner_texts())
        assert strange == []

    def test_the_reader_can_choose_the_dark_theme(self, opened):
        page, _ = opened("index.html")
        colour = "() => getComputedStyle(document.body).backgroundColor"
        light = page.evaluate(colour)
        for _ in range(3):
            page.locator("button.theme-toggle:visible").first.click()
            if page.evaluate("() => document.body.dataset.theme") == "dark":
                break
        assert page.evaluate(colour) != light

    def test_the_gallery_steps_through_backward(self, opened):
        page, _ = opened("gallery.html")
        player = page.locator(".output:has(button:text-is('Play'))").first
        says = lambda: player.locator("details:visible > summary").all_inner_texts()  # noqa: E731
        assert [text[:9] for text in says()] == ["Step 1 of"]
        player.get_by_role("button", name="Next").click()
        assert [text[:9] for text in says()] == ["Step 2 of"]
        player.get_by_role("button", name="Back").click()
        assert [text[:9] for text in says()] == ["Step 1 of"]
        player.get_by_role("button", name="Play").click()
        page.wait_for_selector("summary:has-text('Step 3 of'):visible")

    def test_pages_follow_one_another(self, opened):
        page, _ = opened(lessons()[0])
        page.locator(".related-pages .next-page").click()
        page.wait_for_url(f"**/{lessons()[1]}")
        page.locator(".related-pages .prev-page").click()
        page.wait_for_url(f"**/{lessons()[0]}")
