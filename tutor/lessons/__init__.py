"""The lessons, and here alone the order of the series: a new lesson is one folder and one line."""

SERIES = (
    "start_here",
    "numpy_backprop",
    "torch_tensors",
    "torch_backprop",
    "own_autograd",
    "autograd",
    "custom_function",
    "nn",
    "optim",
    "dynamic_nets",
    "fashion_mnist_data",
    "fashion_mnist_training",
    "compile_export_scale",
)
