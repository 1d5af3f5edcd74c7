"""The lessons, and here alone the order of both series: a new lesson is one folder and one line."""

AFTERNOON = (
    "tensors_and_gradients",
    "network_and_training",
    "data_to_prediction",
)

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

# the folder of its notebooks, within that of all notebooks -> a series; the short one comes first
SHELVES = {"afternoon": AFTERNOON, "": SERIES}
