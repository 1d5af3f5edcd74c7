"""Use `tutor.graph` where nothing but torch can be imported, as after `pip install --no-deps` beside torch.

Arguments are folders to import from first: `test_graph_alone.py` gives the package's and torch's, `test_wheel.py` none.
"""

import sys

sys.path[:0] = sys.argv[1:]

import torch  # noqa: E402

# what torch itself has loaded (numpy, where it is there) is torch's to load
ALLOWED = {
    "torch",
    "torchgen",
    "functorch",
    *sys.stdlib_module_names,
    *(name.partition(".")[0] for name in sys.modules),
}


class NothingElse:
    """Refuse every import but torch's, the standard library's and that of `tutor.graph`."""

    def find_spec(self, name, path=None, target=None):
        top, *rest = name.split(".")
        if top not in ALLOWED | {"tutor"} or (top == "tutor" and rest[:1] not in ([], ["graph"])):
            raise ModuleNotFoundError(f"{name} is not installed here", name=name)


if __name__ == "__main__":
    assert "tutor" not in sys.modules
    sys.meta_path.insert(0, NothingElse())
    before = set(sys.modules)
    from tutor import graph

    heavy = {name.partition(".")[0] for name in set(sys.modules) - before} - {"tutor"} - sys.stdlib_module_names
    assert not heavy, heavy

    torch.manual_seed(0)  # with other weights all three units may be dead, which is told
    model = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
    loss = model(torch.ones(2, 3)).sum()
    with graph.record(loss, model) as recorded:
        loss.backward()
    assert recorded.svg() and recorded.steps().html() and recorded.text()
    with graph.explain(model) as works:
        model(torch.ones(2, 3)).sum().backward()
    assert works.html() and not works.wrong
    try:
        with graph.explain(model) as broken:
            model(torch.ones(2, 3)).detach().sum().backward()
    except RuntimeError:
        print(broken.sentence)
    for other in ("matplotlib", "IPython", "rich", "tutor.session", "tutor.plots"):
        try:
            __import__(other)
        except ModuleNotFoundError:
            continue
        raise AssertionError(f"{other} can be imported: nothing was held back")
