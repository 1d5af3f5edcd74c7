"""The graph to explore: its blocks, and the one piece of HTML that carries it."""

import base64
import json
import re
import zlib

import pytest
import torch
from torch import nn

from tutor import graph
from tutor.graph.drawing import scene
from tutor.graph.explore import STILL
from tutor.graph.tree import MOST_PARTS, nest


class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 3))

    def forward(self, x):
        return self.inner(self.inner(x))


def recorded(model, x):
    with graph.watch(model) as watched:
        loss = model(x).sum()
    with graph.record(loss, watched) as g:
        loss.backward()
    return g


@pytest.fixture
def twice():
    torch.manual_seed(0)
    return recorded(Twice(), torch.ones(2, 3))


def chain(length):
    y = x = torch.ones(2, requires_grad=True)
    for _ in range(length):
        y = y.sin()
    return graph.trace(y.sum(), params={"x": x})


def data_of(html):
    """What the script unpacks."""
    return json.loads(zlib.decompress(base64.b64decode(re.search(r'unpack\("([\w+/=]+)"\)', html).group(1))))


def tree_of(g):
    return nest(scene(g, None), g.nodes)


def children(tree, b):
    """How many cards and blocks a block shows when it is open."""
    inner = [block for block in tree.blocks if block.parent == b]
    cards = tree.blocks[b].end - tree.blocks[b].start - sum(block.end - block.start for block in inner)
    return cards + len(inner)


def test_every_card_stands_in_the_tree_once_and_every_block_in_its_parent(twice):
    tree = tree_of(twice)
    assert sorted(tree.order) == list(range(len(scene(twice, None).cards)))
    for block in tree.blocks[1:]:
        around = tree.blocks[block.parent]
        assert around.start <= block.start < block.end <= around.end


def test_two_calls_of_a_module_are_two_blocks(twice):
    calls = [block.calls for block in tree_of(twice).blocks if block.path == "inner"]
    assert calls == [(1,), (0,)]


def test_links_point_forwards_in_the_order_of_the_tree(twice):
    for g in (twice, chain(300)):
        place = {card: n for n, card in enumerate(tree_of(g).order)}
        assert all(place[link.source] < place[link.target] for link in scene(g, None).links)


@pytest.mark.parametrize("length", [30, 300, 5000])
def test_no_block_shows_more_than_a_reader_can_take_in(length):
    tree = tree_of(chain(length))
    assert max(children(tree, b) for b in range(len(tree.blocks))) <= MOST_PARTS


def test_modules_nested_deeper_than_recursion_goes_are_nested():
    g = chain(1500)
    g.nodes = tuple(node._replace(module=".".join("m" * (node.id + 1))) for node in g.nodes)
    assert max(block.path.count(".") for block in tree_of(g).blocks) > 1400


def test_the_figure_asks_for_nothing_from_elsewhere(twice):
    html = twice.explore().html()
    assert not re.findall(r"""(?:src|href)=["'](?!data:)|\bimport\b|\bfetch\(|https?://(?!www\.w3\.org)""", html)


def test_where_scripts_are_dropped_the_picture_stands_in_its_place(twice):
    html = twice.explore().html()
    still = html.split("<script>")[0]
    assert twice.html() in still
    assert STILL in still


def test_equal_graphs_give_equal_bytes(twice):
    assert twice.explore().html() == twice.explore().html()


def test_a_cell_shows_the_figure_and_its_text(twice):
    bundle = twice.explore()._repr_mimebundle_()
    assert bundle["text/plain"].startswith("[graph to explore: <Autograd graph of")
    assert bundle["text/html"] == twice.explore().html()


def test_the_data_hold_every_card_and_its_gradients(twice):
    data = data_of(twice.explore().html())
    said = set(data["words"])
    assert {"inner.0.weight", "inner.2.bias", "Addmm", "Linear"} <= said
    assert len(data["cards"]) == len(scene(twice, None).cards)
    assert any(word.startswith("received (3, 3) float32 ‖g‖") for word in said)


def test_not_a_number_is_told_and_leaves_the_data_readable():
    x = torch.tensor([0.0], requires_grad=True)
    loss = (x.sqrt() * 0).sum()
    with graph.record(loss) as g:
        loss.backward()
    data = data_of(g.explore().html())
    assert "NaN begins here" in data["words"]
    assert any(link[4] is None for link in data["links"])
    assert json.dumps(data, allow_nan=False)


@pytest.mark.parametrize("name", ["</script><script>alert(1)</script>", "NAME", "a\x00b\ud800c", "水" * 50])
def test_any_name_is_carried(name):
    w = torch.ones(2, requires_grad=True)
    g = graph.trace((w * 2).sum(), params={name: w})
    html = g.explore().html()
    assert html.count("</script>") == 1
    html.encode()


def test_a_large_graph_stays_small():
    assert len(chain(20_000).explore().html()) < 1_000_000


def test_it_is_saved_as_a_page_of_its_own(twice, tmp_path):
    path = twice.explore().save(tmp_path / "x.html")
    page = path.read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert twice.explore().html() in page
    assert [file.name for file in tmp_path.iterdir()] == ["x.html"]


def test_another_ending_is_refused(twice, tmp_path):
    with pytest.raises(ValueError, match=r"saved as \.html"):
        twice.explore().save(tmp_path / "x.svg")


def test_a_failed_save_leaves_the_former_file(twice, tmp_path, monkeypatch):
    path = tmp_path / "x.html"
    path.write_text("before", encoding="utf-8")
    explorer = twice.explore()
    monkeypatch.setattr(type(path), "replace", lambda *_: (_ for _ in ()).throw(OSError("no room")))
    with pytest.raises(OSError, match="no room"):
        explorer.save(path)
    assert [(file.name, file.read_text(encoding="utf-8")) for file in tmp_path.iterdir()] == [("x.html", "before")]
