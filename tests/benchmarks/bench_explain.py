"""What record and explain cost, beside a plain run, torchviz + dot and torchlens, on the same models in the same run.

    OMP_NUM_THREADS=1 python tests/benchmarks/bench_explain.py [--runs 9] [--models chain,linears]

Everything that is compared is run in turn, so that another program on the machine disturbs all alike; the times are
those of the processor, dot's included. Prints medians and ratios, and asserts nothing. torchviz with dot (Graphviz) and
torchlens are optional: without them their line says why it is empty. What takes longer than 5 s is run once.
"""

import argparse
import gc
import os
import shutil
import statistics
import subprocess
import time
import warnings

import torch
from torch import nn

from tutor import graph

DOT_LIMIT = 20
LONG = 5


class Chain(nn.Module):
    """Element-wise operations one after the other."""

    def forward(self, x):
        for _ in range(250):
            x = x.sin() * 1.01
        return x


class Residual(nn.Module):
    """Two convolutions with their normalisations, and the way round them."""

    def __init__(self, channels):
        super().__init__()
        conv = [nn.Conv2d(channels, channels, 3, padding=1, bias=False) for _ in range(2)]
        self.way = nn.Sequential(conv[0], nn.BatchNorm2d(channels), nn.ReLU(), conv[1], nn.BatchNorm2d(channels))

    def forward(self, x):
        return (x + self.way(x)).relu()


def chain():
    return Chain(), torch.full((64, 64), 0.5, requires_grad=True)


def linears():
    layers = [layer for _ in range(50) for layer in (nn.Linear(128, 128), nn.ReLU())]
    for layer in layers[::2]:
        nn.init.kaiming_normal_(layer.weight)  # with PyTorch's own start gradients die in 50 layers, which is told
    return nn.Sequential(*layers), torch.randn(64, 128)


def transformer():
    layer = nn.TransformerEncoderLayer(512, 8, 2048, dropout=0.0, batch_first=True)
    return nn.TransformerEncoder(layer, 6, enable_nested_tensor=False), torch.randn(4, 64, 512)


def resnet():
    blocks = [Residual(32) for _ in range(8)]
    end = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10)
    return nn.Sequential(nn.Conv2d(3, 32, 3, padding=1), *blocks, *end), torch.randn(8, 3, 32, 32)


MODELS = {
    "chain": (chain, "500 element-wise operations, 64 x 64"),
    "linears": (linears, "50 x Linear(128) + ReLU, batch 64"),
    "transformer": (transformer, "6 transformer layers of width 512, 256 tokens"),
    "resnet": (resnet, "8 residual blocks of 32 channels, 8 images of 32 x 32"),
}


def now():
    """Return the processor's seconds of this process and of those it started and waited for."""
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


def seconds(work):
    gc.collect()
    started = now()
    work()
    return now() - started


class Runs:
    """Everything that is timed on one model; each method returns seconds."""

    def __init__(self, build):
        torch.manual_seed(0)
        self.model, self.x = build()

    def loss(self):
        return self.model(self.x).square().mean()

    def clear(self):
        self.model.zero_grad()
        self.x.grad = None

    def backward(self):
        loss = self.loss()
        return seconds(loss.backward)

    def recorded(self, statistics):
        loss = self.loss()

        def work():
            with graph.record(loss, self.model, statistics=statistics):
                loss.backward()

        return seconds(work)

    def plain(self):
        return seconds(lambda: self.loss().backward())

    def explained(self):
        found = []

        def work():
            with graph.explain(self.model) as e:
                self.loss().backward()
            found.append(e)

        taken = seconds(work)
        if found[0].wrong:
            raise RuntimeError(f"Nothing was to be wrong here: {found[0].sentence}")
        return taken

    def torchviz(self):
        from torchviz import make_dot

        def work():
            loss = self.loss()
            source = make_dot(loss, params=dict(self.model.named_parameters())).source
            loss.backward()
            subprocess.run(
                [shutil.which("dot"), "-Tsvg"],
                input=source.encode(),
                capture_output=True,
                timeout=DOT_LIMIT,
                check=True,
            )

        return seconds(work)

    def torchlens(self):
        import torchlens

        def work():
            trace = torchlens.trace(self.model, self.x)
            trace.log_backward(trace[trace.output_layers[0]].out.square().mean())

        return seconds(work)


def reason(name):
    """Return why another tool cannot be timed, or an empty string."""
    try:
        __import__(name)
        if name == "torchlens":
            __import__(name).trace  # noqa: B018  it loads its parts when they are asked for
    except ImportError as error:
        return f"not importable here ({error})".split(" Remedy")[0]
    return "no dot (Graphviz) here" if name == "torchviz" and shutil.which("dot") is None else ""


def measured(runs, times):
    """Return median seconds by name, in turn; in words why where one raised."""
    works = {
        "backward": runs.backward,
        **{f"record {name}": lambda name=name: runs.recorded(name) for name in ("none", "norm", "all")},
        "forward + backward": runs.plain,
        "explain": runs.explained,
    }
    found = {}
    for name, work in (("torchviz + dot", runs.torchviz), ("torchlens", runs.torchlens)):
        if why := reason(name.split()[0]):
            found[name] = why
        else:
            works[name] = work
    taken = {name: [] for name in works}
    for turn in range(times + 1):  # the first warms up
        for name, work in list(works.items()):
            runs.clear()
            try:
                spent = work()
            except Exception as error:
                found[name] = f"{type(error).__name__}: {str(error)[:60]}"
                del works[name]
                continue
            if turn or spent > LONG:
                taken[name].append(spent)
            if spent > LONG:
                found[name] = spent
                del works[name]
    return {name: statistics.median(taken[name]) if taken.get(name) else found[name] for name in (*taken, *found)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--models", default=",".join(MODELS))
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    for name in arguments.models.split(","):
        build, words = MODELS[name]
        found = measured(Runs(build), arguments.runs)
        print(f"\n{words}")
        for what, spent in found.items():
            base = "backward" if what.startswith(("backward", "record")) else "forward + backward"
            if isinstance(spent, str):
                print(f"    {what:20} {spent}")
            else:
                print(f"    {what:20} {spent * 1e3:9.1f} ms   {spent / found[base]:6.2f} times {base}", flush=True)


if __name__ == "__main__":
    main()
