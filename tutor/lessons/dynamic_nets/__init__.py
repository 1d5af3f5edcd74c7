"""Lesson 09: what it says of itself."""

from tutor.lessons.registry import About

ABOUT = About(
    minutes=120,
    items={
        "control-flow": "Python control flow in forward, and why it just works",
        "weight-sharing": "weight sharing",
        "dynamic-net": "DynamicNet: a random order of 3, 4 or 5, one shared e, SGD with momentum, 30,000 steps",
        "graphs-differ": "the graph differing from step to step, drawn side by side",
        "unused": "parameters that a step does not use: None, not zero",
        "shared-gradients": "gradients through shared weights add up",
        "recurrent": "a recurrent net unrolled over sequences of different length",
        "contributions": "a shared weight's contributions and their sum, drawn",
        "broken-in-time": "what a step leaves behind found with graph.explain: a state, a running total, a factor",
        "tracing": "what tracing would have made of it",
    },
)
