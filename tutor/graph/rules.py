"""The local rule of each common operation: what its node computes from the gradient g that it receives.

Throughout, g stands for dL/d(output), a and b for the inputs in order, y for the output; a dot between matrices is a
matrix product, between tensors of one shape an element-wise one. The rules are the textbook vector-Jacobian products.
"""

from __future__ import annotations

from .modules import is_view
from .words import operation

RULES = {
    "Add": "a sum hands g to both inputs unchanged (summed over what was broadcast; times alpha for b)",
    "Sub": "a difference hands g to a and -g to b (summed over what was broadcast)",
    "Mul": "a product: dL/da = g · b and dL/db = g · a (summed over what was broadcast)",
    "Div": "a quotient a / b: dL/da = g / b and dL/db = -g · a / b²",
    "Neg": "dL/da = -g",
    "Abs": "dL/da = g · sign(a)",
    "Pow": "a power aⁿ: dL/da = g · n · aⁿ⁻¹",
    "Sqrt": "dL/da = g / (2 · y)",
    "Rsqrt": "dL/da = -g · y³ / 2",
    "Reciprocal": "dL/da = -g · y²",
    "Exp": "dL/da = g · y, for y = exp(a) is its own derivative",
    "Log": "dL/da = g / a",
    "Log1P": "dL/da = g / (1 + a)",
    "Sin": "dL/da = g · cos(a)",
    "Cos": "dL/da = -g · sin(a)",
    "Tanh": "dL/da = g · (1 - y²)",
    "Sigmoid": "dL/da = g · y · (1 - y)",
    "Relu": "g passes where the input was positive and is 0 elsewhere",
    "Threshold": "g passes where the input was above the threshold and is 0 elsewhere",
    "Clamp": "g passes where the input was within the limits and is 0 elsewhere",
    "ClampMin": "g passes where the input was not below the limit and is 0 elsewhere",
    "Gelu": "dL/da = g · (Φ(a) + a · φ(a)), with the normal distribution Φ and its density φ",
    "Silu": "with s = sigmoid(a): dL/da = g · s · (1 + a · (1 - s))",
    "Softplus": "dL/da = g · sigmoid(a)",
    "Softmax": "dL/da = y · (g - sum(g · y)), the sum along the softmax dimension",
    "LogSoftmax": "dL/da = g - softmax(a) · sum(g), the sum along the softmax dimension",
    "Mm": "a matrix product a b: dL/da = g bᵀ and dL/db = aᵀ g",
    "Bmm": "a matrix product for each batch: dL/da = g bᵀ and dL/db = aᵀ g",
    "Mv": "a matrix times a vector: dL/da = g bᵀ (outer product) and dL/db = aᵀ g",
    "Dot": "an inner product: dL/da = g · b and dL/db = g · a",
    "Addmm": "c + a b: dL/dc = g (summed over the batch), dL/da = g bᵀ and dL/db = aᵀ g",
    "Linear": "a wᵀ + c: dL/da = g w, dL/dw = gᵀ a and dL/dc = g summed over the batch",
    "Sum": "every element that was summed receives the same g",
    "Mean": "every element receives g / n, n being the number of elements averaged",
    "Max": "g goes to the largest element, 0 to the others",
    "Min": "g goes to the smallest element, 0 to the others",
    "Var": "dL/da = g · 2 · (a - mean(a)) / (n - 1)",
    "LinalgVectorNorm": "for the Euclidean norm: dL/da = g · a / y",
    "Norm": "for the Euclidean norm: dL/da = g · a / y",
    "MseLoss": "dL/da = g · 2 · (a - b) / n, with n = 1 for reduction='sum'",
    "NllLoss": "-g · weight / (sum of weights) at the right class of each row, 0 elsewhere (g · -1 / N unweighted)",
    "BinaryCrossEntropyWithLogits": "dL/da = g · (sigmoid(a) - target) / n, with n = 1 for reduction='sum'",
    "BinaryCrossEntropy": "dL/da = g · (a - target) / (a · (1 - a)) / n, with n = 1 for reduction='sum'",
    "NativeDropout": "g passes where the input was kept, times 1 / (1 - p), and is 0 elsewhere",
    "NativeLayerNorm": "the derivative of (a - mean) / std · weight + bias, mean and std of each row included",
    "NativeBatchNorm": "the derivative of (a - mean) / std · weight + bias, mean and std over the batch included",
    "Convolution": "dL/da: g convolved with the flipped kernel; dL/dw: a correlated with g; dL/dc: g summed",
    "MaxPool2DWithIndices": "g goes to the largest element of each window, 0 to the others",
    "AvgPool2D": "every element of a window receives its share of g",
    "Embedding": "each row of g is added to the row of the table that was looked up",
    "Index": "g is written back to the places that were picked, 0 elsewhere",
    "Gather": "g is added to the places that were picked, 0 elsewhere",
    "Select": "g is written to the slice that was selected, 0 elsewhere",
    "Slice": "g is written to the slice that was taken, 0 elsewhere",
    "Cat": "g is cut into the parts that were joined",
    "Stack": "g is cut into the parts that were stacked",
    "Where": "g goes to a where the condition held, to b elsewhere",
    "Expand": "g is summed over what was expanded",
    "Clone": "a copy hands g on unchanged",
    "ToCopy": "g is cast back to the dtype and device of the input",
    "CopySlices": "written in place: g goes to what was written, and with those places zeroed to what was there before",
    "AccumulateGrad": "a leaf computes nothing: what arrives is added to its .grad",
    "CompiledFunction": "a compiled region: one call computes all its gradients, and its inside is not visible",
    "CheckpointFunction": "a checkpoint: it runs its part of the forward pass again, and then that part's backward",
}


def rule(op: str, kind: str) -> str:
    """Return the local rule of a backward function in words, or where to find it."""
    name = operation(op)[0]
    if name in RULES:
        return RULES[name]
    if is_view(op):
        return "nothing is computed: g is brought back to the shape of the input"
    if kind == "custom":
        return f"what the backward() of {name} says"
    return f"the vector-Jacobian product of {name.lower()}"
