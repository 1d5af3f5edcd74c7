"""Lesson 06: what it says of itself."""

from tutor.lessons.registry import About

ABOUT = About(
    minutes=145,
    items={
        "function": "autograd.Function: forward, backward, apply",
        "ctx": "ctx: the bag of one call, plain arguments, needs_input_grad, mark_non_differentiable",
        "legendre": "the Legendre P3 fit y = a + b P3(c + d x), reaching the known optimum",
        "gradcheck": "gradcheck and gradgradcheck",
        "double-backward": "double backward",
        "relu": "ReLU by hand with its subgradients",
        "clamp": "clamp by hand with its subgradients",
        "saving": "save_for_backward: the errors and the leaks that it prevents",
        "memory": "saving less: what is kept for the way back, counted",
        "non-differentiable": "non-differentiable operations",
        "straight-through": "the straight-through estimator, which trains",
        "setup-context": "setup_context with torch.func",
        "vmap": "vmap: a rule of one's own, and generate_vmap_rule",
        "batch-norm": "batch normalisation forward and backward by hand, every intermediate checked",
    },
)
