"""Lesson 05: what it says of itself."""

from tutor.lessons.registry import About

ABOUT = About(
    minutes=170,
    core=50,
    items={
        "leaves": "requires_grad, leaf or not, grad_fn, next_functions",
        "graph-drawn": "the graph drawn (torchviz's make_dot, then tutor's own, with gradients on the edges, and step by step)",
        "training": "both fits trained with autograd: backward, update, clear",
        "accumulation": "accumulation and zeroing",
        "retain-graph": "one backward per graph, retain_graph",
        "vjp": "backward on a scalar, backward(gradient) as a vector-Jacobian product",
        "logits-graph": "binary_cross_entropy_with_logits of x W + b and its graph",
        "no-grad": "no_grad, detach, inference_mode",
        "hooks": "hooks on tensors and on nodes",
        "in-place": "in-place errors",
        "freezing": "freezing and unfreezing parameters late in training",
        "explain": "the commonest errors found in broken programs with graph.explain: cut, not a leaf, in place, a second time",
        "torch-func": "torch.func: grad, vjp, jacrev, hessian",
        "old-code": "old code read: Variable, volatile, .creator, .data, retain_variables, cuda.FloatTensor",
    },
)
