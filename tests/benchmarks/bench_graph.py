"""How long drawings and recordings take, beside torchviz + dot and a plain backward in the same run.

    OMP_NUM_THREADS=1 python tests/benchmarks/bench_graph.py [--runs 7] [--dot-limit 20]

Prints medians and ratios, and asserts nothing: times depend on the machine.
"""

import argparse
import shutil
import statistics
import subprocess
import time
import warnings

import torch
from torch import nn

from tutor import graph

DOT = shutil.which("dot")


def median(run, runs):
    """Return the median of what run() returns: seconds it took itself to measure."""
    run()
    return statistics.median(run() for _ in range(runs))


def seconds(work):
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def transformer():
    """Return the loss of a small language model of 12 layers with a causal mask: on torch 2.13 a graph of 937 nodes.

    The count depends on the torch version and on what is asked of a layer (without mask and embedding it is 829).
    """
    layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)
    model = nn.TransformerEncoder(layer, 12, enable_nested_tensor=False)
    embedding, head = nn.Embedding(10, 32), nn.Linear(32, 10)
    tokens = torch.randint(10, (2, 5))
    x = embedding(tokens) * 32**0.5 + torch.randn(5, 32)  # (2, 5, 32)
    logits = head(model(x, mask=nn.Transformer.generate_square_subsequent_mask(5)))  # (2, 5, 10)
    return nn.functional.cross_entropy(logits.flatten(0, 1), tokens.flatten())


def lstm():
    cell, h = nn.LSTMCell(8, 16), (torch.zeros(4, 16), torch.zeros(4, 16))
    for _ in range(50):
        h = cell(torch.randn(4, 8), h)
    return h[0].sum()


def resnet():
    x, layers = torch.randn(4, 8), [nn.Linear(8, 8) for _ in range(1000)]
    for layer in layers:
        x = x + layer(x).relu()
    return x.sum()


def chain(operations, size=(3,)):
    x = torch.full(size, 0.5, requires_grad=True)
    for _ in range(operations // 2):
        x = x.sin() * 1.01
    return x.sum()


def linear_stack():
    model = nn.Sequential(*[layer for _ in range(50) for layer in (nn.Linear(128, 128), nn.ReLU())])
    return model(torch.randn(64, 128)).sum()


def torchviz_and_dot(loss, limit):
    """Return the seconds of torchviz's make_dot plus dot, or in words why there are none."""
    if DOT is None:
        return "no dot on this machine"
    try:
        from torchviz import make_dot

        started = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            source = make_dot(loss).source
        subprocess.run([DOT, "-Tsvg"], input=source.encode(), capture_output=True, timeout=limit, check=True)
        return time.perf_counter() - started
    except ImportError:
        return "no torchviz on this machine"
    except RecursionError:
        return "RecursionError"
    except subprocess.TimeoutExpired:
        return f"stopped after {limit} s"


def drawing(name, loss, runs, limit):
    nodes = len(graph.trace(loss).nodes)
    every = median(lambda: seconds(lambda: graph.trace(loss).svg(budget=None)), runs)
    folded = median(lambda: seconds(lambda: graph.trace(loss).svg()), runs)
    theirs = torchviz_and_dot(loss, limit)
    ratio = f"{theirs:.2f} s, ratio {theirs / every:.0f}" if isinstance(theirs, float) else theirs
    print(f"{name:26} {nodes:6,} nodes: all {every:.3f} s, budget 150 {folded:.3f} s; torchviz + dot: {ratio}")


def backward(build):
    loss = build()
    return seconds(loss.backward)


def recorded_backward(build):
    loss = build()
    started = time.perf_counter()
    with graph.record(loss):
        loss.backward()
    return time.perf_counter() - started


def recording(name, build, runs):
    plain = median(lambda: backward(build), runs)
    ours = median(lambda: recorded_backward(build), runs)
    print(f"{name:40} plain {plain * 1e3:6.2f} ms, recorded {ours * 1e3:6.2f} ms, ratio {ours / plain:.2f}")


def explained(build):
    with graph.explain():
        build().backward()


def explaining(name, build, runs):
    plain = median(lambda: seconds(lambda: build().backward()), runs)
    ours = median(lambda: seconds(lambda: explained(build)), runs)
    print(f"{name:40} plain {plain * 1e3:6.2f} ms, explained {ours * 1e3:6.2f} ms, ratio {ours / plain:.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--dot-limit", type=float, default=20, help="seconds after which dot is stopped")
    arguments = parser.parse_args()
    print("Walk, layout and SVG (medians):")
    for name, build in (
        ("transformer, 12 layers", transformer),
        ("LSTM loop, 50 steps", lstm),
        ("residual net, 1,000 layers", resnet),
        ("chain of 10,000", lambda: chain(10_000)),
    ):
        drawing(name, build(), arguments.runs, arguments.dot_limit)
    print("\nRecording with statistics against a plain backward (medians):")
    recording("1,000 element-wise operations, 64 x 64", lambda: chain(1000, (64, 64)), arguments.runs * 3)
    recording("50 x Linear(128) + ReLU, batch 64", linear_stack, arguments.runs * 3)
    print("\nForward and backward inside explain() against a plain one (medians):")
    explaining("1,000 element-wise operations, 64 x 64", lambda: chain(1000, (64, 64)), arguments.runs)
    explaining("50 x Linear(128) + ReLU, batch 64", linear_stack, arguments.runs)


if __name__ == "__main__":
    main()
