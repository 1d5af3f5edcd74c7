"""The shared pictures of graphs say what is made from what, and those of others get alt text."""

import base64

import pytest
import torch

from tutor import graph, plots


def test_a_computation_says_what_each_thing_was_made_from():
    graph = {"a": (), "b": ("a", "a"), "c": ("a", "b")}
    picture = plots.computation(graph, {"a": "value 3\ngradient 7"}, title="A graph")
    assert picture.alt == "A graph. From left to right: a (value 3, gradient 7); b from a and a; c from a and b."


def test_a_computation_has_an_arrow_for_every_use():
    picture = plots.computation({"a": (), "b": ("a", "a"), "c": ("a", "b")}, {}, title="A graph")
    arrows = [text for text in picture.figure.axes[0].texts if getattr(text, "arrow_patch", None)]
    assert len(arrows) == 4


def test_in_a_computation_everything_stands_right_of_what_it_was_made_from():
    graph = {"a": (), "b": (), "c": ("a",), "d": ("b", "c")}
    picture = plots.computation(graph, {}, title="A graph")
    place = {text.get_text(): text.get_position()[0] for text in picture.figure.axes[0].texts}
    assert all(place[parent] < place[name] for name, made_from in graph.items() for parent in made_from)


class Dot:
    """Stands in for graphviz.Digraph."""

    def pipe(self, format):
        return f"<svg>{format}</svg>".encode()


def test_a_drawing_of_graphviz_is_an_image_with_alt_text():
    shown = plots.drawing(Dot(), 'leaves "a" & b')
    bundle = shown._repr_mimebundle_()
    assert 'alt="leaves &quot;a&quot; &amp; b"' in bundle["text/html"]
    assert base64.b64encode(b"<svg>svg</svg>").decode() in bundle["text/html"]
    assert bundle["text/plain"] == '[picture: leaves "a" & b]'


def test_a_drawing_that_is_none_of_graphviz_is_shown_as_it_is():
    ours = object()
    assert plots.drawing(ours, "words") is ours


def test_graphs_stand_beside_each_other_with_their_labels_and_words():
    x = torch.ones(2, requires_grad=True)
    shown = plots.beside({"a < b": graph.trace(x.sin()), "after": graph.trace(x.cos())})
    assert shown.html.count("<img alt=") == shown.html.count("width:48%") == 2
    assert "<b>a &lt; b</b>" in shown.html
    assert "a < b: " in shown.words
    assert "Cos" in shown.words


def test_without_graphviz_the_alt_text_is_that_of_the_drawing_that_is_shown(monkeypatch):
    """A lesson's own words speak of torchviz, whose drawing nobody sees then."""
    monkeypatch.setenv("PATH", "")
    with pytest.warns(UserWarning, match="is not on the PATH"):
        dot = graph.make_dot(torch.ones(3, requires_grad=True).exp().sum())
    shown = plots.drawing(dot, alt="torchviz's graph")._repr_mimebundle_()
    assert 'alt="Autograd graph of SumBackward0' in shown["text/html"]
    assert "torchviz" not in str(shown)


def test_a_chain_shows_the_factor_by_which_each_arrow_back_multiplies():
    picture = plots.chain(["d", "y", "loss"], [1, 2, 3], [30.0, 5.0, 1.0], [6.0, 5.0], title="Chain")
    assert "each with its factor: 6.000, 5.000" in picture.alt
    texts = [text.get_text() for text in picture.figure.axes[0].texts]
    assert texts.count("· 6.000") == texts.count("· 5.000") == 1
