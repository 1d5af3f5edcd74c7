"""The files of the built site: links, headings, words for pictures, weight, downloads; `make site` builds it."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tutor.builder import leaks, notebooks
from tutor.lessons import SHELVES
from tutor.lessons.registry import series

SITE = Path(__file__).parents[2] / "build" / "site"
HEAVIEST = 3_000_000  # bytes that a page and everything it loads may weigh

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (SITE / "index.html").exists(), reason="the site is not built here: run `make site`"),
]


class Page(HTMLParser):
    """A page's ids, links, loaded files, headings and images."""

    def __init__(self, path):
        super().__init__()
        self.path = path
        self.ids, self.links, self.loads, self.headings, self.images = [], [], [], [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "a" and found.get("href"):
            self.links.append(found["href"])
        # a browser loads no page for being the next one or the one before
        neighbour = tag == "link" and found.get("rel") in ("next", "prev")
        if tag in ("img", "script", "link") and not neighbour and (place := found.get("src") or found.get("href")):
            self.loads.append(place)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "img":
            self.images.append(found)


@pytest.fixture(scope="module")
def pages():
    return {path.relative_to(SITE).as_posix(): Page(path) for path in html_files()}


def html_files():
    """The pages of the site: those at its top, and those on a shelf."""
    return [path for shelf in SHELVES for path in sorted((SITE / shelf).glob("*.html"))]


def local(place):
    parts = urlsplit(place)
    return None if parts.scheme or parts.netloc else (unquote(parts.path), unquote(parts.fragment))


def broken(pages):
    """Every link and loaded file of the pages that leads nowhere."""
    known = {page.path.resolve(): page for page in pages.values()}
    for page in pages.values():
        for place in [*page.links, *page.loads]:
            if (found := local(place)) is None:
                continue
            target = page.path.parent / found[0] if found[0] else page.path
            if not target.exists():
                yield f"{page.path.name}: {place} is not there"
            elif found[1] and target.resolve() in known and found[1] not in known[target.resolve()].ids:
                yield f"{page.path.name}: {place} names no place on that page"


def test_every_lesson_has_its_page_and_no_page_is_missing(pages):
    wanted = {Path(lesson.filename).with_suffix(".html").as_posix() for lesson in series()}
    assert wanted == {name for name in pages if Path(name).name[0].isdigit()}
    assert {"index.html", "glossary.html", "exercises.html", "coverage.html", "gallery.html", "debugging.html"} <= set(
        pages
    )


def test_every_kind_of_finding_has_its_picture_on_the_page_on_debugging(pages):
    text = (SITE / "debugging.html").read_text(encoding="utf-8")
    for said in (
        "get no gradient: their way to the loss is cut by detach()",
        "was changed in place after sigmoid",
        "which carries its history into this step",
        "the first NaN of the forward pass was born in mul",
        "backward makes the first NaN in sqrt",
        "The gradient falls by a factor of",
        "(dead ReLU)",
        "The graph grows from pass to pass",
        "contradicts finite differences",
        "Nothing wrong was found",
    ):
        assert text.count(said) >= 1, said
    assert len(pages["debugging.html"].images) >= 10


def test_no_link_inside_the_site_is_broken(pages):
    assert list(broken(pages)) == []


def test_a_broken_link_would_be_found(tmp_path):
    (tmp_path / "a.html").write_text('<p id="here"><a href="b.html">b</a><a href="#there">t</a><a href="#here">h</a>')
    assert len(list(broken({"a.html": Page(tmp_path / "a.html")}))) == 2


def test_nothing_is_loaded_from_elsewhere(pages):
    assert [
        place for page in pages.values() for place in page.loads if local(place) is None and place[:5] != "data:"
    ] == []


def test_headings_are_in_order_and_ids_are_given_once(pages):
    for name, page in pages.items():
        assert page.headings[0] == 1 and page.headings.count(1) == 1, name
        assert all(b - a <= 1 for a, b in zip(page.headings, page.headings[1:], strict=False)), name
        assert len(set(page.ids)) == len(page.ids), name


def test_every_image_has_words_and_room(pages):
    images = [image for page in pages.values() for image in page.images]
    assert len(images) > 50
    assert all(len(image.get("alt", "")) > 20 for image in images)


def test_no_page_is_heavy(pages):
    for name, page in pages.items():
        files = {page.path.parent / local(place)[0] for place in page.loads if local(place)}
        weight = page.path.stat().st_size + sum(file.stat().st_size for file in files)
        assert weight < HEAVIEST, f"{name} weighs {weight:,} bytes"


def test_the_download_is_the_unsolved_notebook():
    for lesson in series():
        found = (SITE / "notebooks" / lesson.filename).read_bytes()
        assert found == notebooks.as_bytes(notebooks.student(lesson)), (
            "the site is older than the lessons: run `make site`"
        )


def test_no_file_of_the_site_holds_a_solution():
    assert leaks.leaks(path for path in SITE.rglob("*") if path.is_file() and "mathjax" not in path.parts) == []


@pytest.mark.parametrize(
    ("name", "end", "planted"),
    [
        (
            "01_numpy_backprop.html",
            "</article>",
            "<pre>grad_d <span>=</span> (grad_y_pred * x**3).sum()</pre></article>",
        ),
        ("searchindex.js", "})", ', "text": "    grad_d = (grad_y_pred * x**3).sum()"})'),
        ("notebooks/01_numpy_backprop.ipynb", "## Self-check", "`grad_d = (grad_y_pred*x**3).sum()`"),
    ],
)
def test_one_planted_solution_is_seen(name, end, planted, tmp_path):
    text = (SITE / name).read_text(encoding="utf-8")
    assert end in text
    copy = tmp_path / Path(name).name
    copy.write_text(text.replace(end, planted), encoding="utf-8")
    (told,) = leaks.leaks([copy])
    assert "numpy_backprop.polynomial_gradients" in told
