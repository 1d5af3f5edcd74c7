"""Lesson 12: what it says of itself."""

from tutor.lessons.registry import About

ABOUT = About(
    minutes=175,
    core=30,
    items={
        "recording": "what a recording of operations holds: a recorder and its replay",
        "trace": "torch.jit.trace: what it records",
        "trace-control-flow": "where tracing goes wrong with control flow, DynamicNet among it",
        "script": "torch.jit.script: what it keeps and what it refuses",
        "scripted-loop": "a scripted loop over x.split(1)",
        "compile": "torch.compile: graphs and guards",
        "graph-breaks": "graph breaks, seen and removed",
        "compile-speed": "the speed of torch.compile with its warm-up counted",
        "export": "torch.export: dynamic shapes, and what it refuses",
        "onnx": "ONNX, where its exporter is installed",
        "averaging": "gradients averaged, and equal to the single-process ones",
        "sampler": "DistributedSampler and set_epoch",
        "torchrun": "DistributedDataParallel by torchrun, gloo on CPU and nccl on CUDA",
        "restart": "a worker killed and the training resumed from the last checkpoint",
        "ship": "a saved program loaded and run without the model's code",
    },
)
