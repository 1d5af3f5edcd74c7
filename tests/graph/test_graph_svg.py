"""The drawing: well-formed, escaped, unclipped, themed, told apart by more than colour, and shown everywhere."""

import base64
import re
import shutil
import subprocess
from xml.etree import ElementTree

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from lesson_graphs import LESSON_GRAPHS, Broken, custom_function, quickstart_net
from torch import nn

from tutor import graph
from tutor.graph.theme import COLOURS
from tutor.graph.words import columns, shorten

SVG = "{http://www.w3.org/2000/svg}"


def drawn(name):
    loss, leaves = LESSON_GRAPHS[name]()
    with graph.record(loss, params=leaves) as g:
        loss.backward()
    return g


def parse(svg):
    return ElementTree.fromstring(svg)


def named(name):
    return graph.trace(torch.ones(2, requires_grad=True).sum(), params={name: torch.ones(1)}).svg()


@pytest.mark.parametrize("name", LESSON_GRAPHS)
def test_a_drawing_is_well_formed_and_its_ids_are_unique(name):
    root = parse(drawn(name).svg())
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert root.tag == f"{SVG}svg"
    assert len(ids) == len(set(ids)) == 3


@pytest.mark.parametrize("name", LESSON_GRAPHS)
def test_nothing_lies_outside_the_view_box(name):
    root = parse(drawn(name).svg())
    left, top, width, height = map(float, root.get("viewBox").split())
    boxes = [element for element in root.iter(f"{SVG}rect") if element.get("class") != "paper"]
    assert boxes
    for box in boxes:
        x, y, w, h = (float(box.get(key)) for key in ("x", "y", "width", "height"))
        assert left <= x <= x + w <= left + width
        assert top <= y <= y + h <= top + height
    for text in root.iter(f"{SVG}text"):
        column = {"n": 6.15, "g": 6.15, "l": 6.15, "t": 8}.get((text.get("class") or "").partition(" ")[0], 6.75)
        reach = columns("".join(text.itertext())) * column * (0.5 if text.get("text-anchor") == "middle" else 1)
        x = float(text.get("x"))
        assert x + reach <= left + width + 1
        assert text.get("text-anchor") != "middle" or x - reach >= left - 1


@pytest.mark.parametrize("name", LESSON_GRAPHS)
def test_a_lesson_graph_fits_a_page(name):
    assert float(parse(drawn(name).svg()).get("width")) <= 1280


def test_two_drawings_on_one_page_share_no_id_and_no_style():
    one, other = (parse(drawn(name).svg()) for name in ("sine_fit", "two_layer_net"))
    assert one.get("id") != other.get("id")
    rules = re.findall(r"([^{}]+)\{[^{}]*\}", one.find(f"{SVG}style").text)
    selectors = [s for rule in rules for s in rule.split(",") if not s.startswith("@media")]
    assert selectors
    assert all(selector.startswith(f"#{one.get('id')} ") for selector in selectors)


def test_the_same_graph_gives_the_same_bytes():
    g = drawn("rnn_unrolled")
    assert g.svg() == g.svg()
    assert g.steps().html() == g.steps().html()


def test_a_drawing_follows_light_and_dark():
    style = parse(drawn("sine_fit").svg()).find(f"{SVG}style").text
    assert "@media (prefers-color-scheme:dark)" in style
    assert "$" not in style


def contrast(one, other):
    def luminance(colour):
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1])
@pytest.mark.parametrize("card", ["paper", "card", "output", "parameter", "leaf", "custom", "folded"])
def test_text_stands_out_from_every_card(theme, card):
    for text in ("ink", "soft", "alarm"):
        assert contrast(COLOURS[text][theme], COLOURS[card][theme]) >= 4.5


def test_kinds_of_cards_differ_in_outline_and_in_words():
    w, x = nn.Parameter(torch.ones(2)), torch.ones(2, requires_grad=True)

    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    svg = graph.trace((Twice.apply(w) * x).sum()).svg()
    for words in ("parameter", "leaf tensor", "output", "custom Function"):
        assert f">{words}<" in svg
    outlines = {
        (element.tag, element.get("rx"), element.get("class"))
        for element in parse(svg).iter()
        if (element.get("class") or "").startswith("c ")
    }
    assert len(outlines) == 5
    assert "stroke-dasharray" in svg


def test_thicker_edges_carry_larger_gradients():
    small, large = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    loss = (small * 1e-3 + large * 1e3).sum()
    with graph.record(loss) as g:
        loss.backward()
    widths = [float(width) for width in re.findall(r'stroke-width="([\d.]+)" d=', g.svg())]
    assert max(widths) == pytest.approx(5.8)
    assert min(widths) == pytest.approx(1.2)


def test_small_gradients_are_written_out():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    loss = (x * x).sum()
    with graph.record(loss) as g:
        loss.backward()
    assert ">[1, 2]<" in g.svg()


HOSTILE = [
    "<script>alert(1)</script>",
    "a\"b'c",
    "&amp;",
    "\U0001f680 rocket",
    "x" * 10_000,
    "a\x00b\ud800c",
    "]]>",
    "\n",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_every_name_is_drawn_correctly_in_every_form(name):
    w = torch.ones(2, requires_grad=True)
    loss = (w * 2).sum()
    with graph.record(loss, params={name: w}) as g:
        loss.backward()
    root = parse(g.svg())
    assert root.find(f".//{SVG}script") is None
    assert float(root.get("width")) < 1000
    assert "<script>" not in g.html() + g.steps().html().replace("<script>\n", "").split("</div><script>")[0]
    assert g.mermaid().count("\n") == 1 + 3 + 2
    g.dot().encode()
    g.text().encode()


@settings(max_examples=150)
@given(st.text(max_size=80))
def test_any_text_is_shortened_to_fit(text):
    assert columns(shorten(text, 20)) <= 20
    ElementTree.fromstring(f"<a>{shorten(text, 20).replace('&', '').replace('<', '')}</a>")


def test_words_say_what_the_picture_shows():
    alt = drawn("logistic_regression").alt()
    assert "BinaryCrossEntropyWithLogits" in alt
    assert "w (5, 3) received ‖g‖" in alt
    assert "2 leaf tensors" in alt


def test_words_say_what_went_wrong():
    x = torch.tensor([0.0], requires_grad=True)
    loss = (x.sqrt() * 0).sum()
    with graph.record(loss) as g:
        loss.backward()
    assert "The first NaN or Inf arises in SqrtBackward0" in g.alt()


def test_the_drawing_shown_in_html_is_an_image_with_words_and_no_script():
    html = drawn("two_layer_net").html()
    assert html.startswith('<img alt="Autograd graph of ')
    assert "<svg" not in html
    data = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', html).group(1)
    assert parse(base64.b64decode(data)).get("role") == "img"


def test_every_front_end_finds_a_form_it_can_show():
    bundle = drawn("two_layer_net")._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", "image/svg+xml"}
    assert "MmBackward0" in bundle["text/plain"]
    assert bundle["text/html"].startswith("<img")


def test_the_text_form_says_what_flows_where():
    text = drawn("two_layer_net").text()
    assert re.search(r"-> w2 .*\(7, 2\) .*‖g‖", text)
    assert "#1  output" in text


def test_mermaid_and_dot_hold_every_card_and_edge():
    g = drawn("custom_function")
    scene = g.scene()
    assert g.mermaid().startswith("flowchart TD\n")
    assert g.mermaid().count("-->") == g.dot().count(" -> ") == len(scene.links)
    assert len(re.findall(r"^    c\d+ \[label", g.dot(), re.M)) == len(scene.cards)


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz's dot is not installed")
def test_graphviz_draws_what_is_exported():
    for name in ["plain", *HOSTILE]:
        w = torch.ones(2, requires_grad=True)
        source = graph.trace((w * 2).sum(), params={name: w}).dot()
        done = subprocess.run(["dot", "-Tsvg"], input=source.encode(), capture_output=True, timeout=300)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count(b'class="node"') == 3


def test_mermaid_says_when_there_are_too_many_edges():
    x = torch.ones(2, requires_grad=True)
    loss = sum(x.sin() for _ in range(300))
    with pytest.raises(ValueError, match="at most 500 edges"):
        graph.trace(loss).mermaid(budget=None)


def test_a_drawing_is_saved_in_the_form_its_ending_asks_for(tmp_path):
    g = drawn("sine_fit")
    assert g.save(tmp_path / "x.svg").read_text(encoding="utf-8") == g.svg()
    assert g.save(str(tmp_path / "x.MMD")).read_text(encoding="utf-8") == g.mermaid()
    assert b"\r" not in g.save(tmp_path / "x.txt").read_bytes()
    with pytest.raises(ValueError, match="ends in none"):
        g.save(tmp_path / "x.jpeg")


def test_what_was_folded_is_written_under_the_drawing():
    loss, leaves = quickstart_net()
    svg = graph.trace(loss, params=leaves).svg(budget=4)
    assert "left out to keep within 4 cards" in svg


@pytest.mark.parametrize("message", ["y" * 300, "\u6c34" * 300])
def test_an_error_without_a_space_does_not_leave_the_drawing(message):
    loss = Broken.apply(torch.ones(2, requires_grad=True), message).sum()
    with pytest.raises(ArithmeticError), graph.record(loss) as g:
        loss.backward()
    root = parse(g.svg())
    notes = [text.text for text in root.iter(f"{SVG}text") if text.get("class") == "n"]
    assert any(message[:20] in note for note in notes)
    assert max(map(columns, notes)) * 6.15 <= float(root.get("width")) - 31  # the width is rounded


def test_a_custom_function_is_drawn_by_its_name():
    loss, _ = custom_function()
    assert ">LegendrePolynomial3<" in graph.trace(loss).svg()


def test_gradients_that_hardly_differ_are_drawn_alike():
    x = torch.ones(100, requires_grad=True)
    loss = (x.sin() * 1.01).sum()
    with graph.record(loss) as g:
        loss.backward()
    widths = [float(width) for width in re.findall(r'stroke-width="([\d.]+)" d=', g.svg())]
    assert max(widths) - min(widths) < 1
