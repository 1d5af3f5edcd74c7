"""The glossary: what the words of the series mean, and which lesson introduces each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """A word of the field.

    Attributes
    ----------
    name : the word.
    meaning : one or two sentences, no more than a reader of its lesson knows.
    lesson : name of the lesson that introduces it; its text has to use the word.
    written : how the lesson writes it, where that differs from `name`.
    """

    name: str
    meaning: str
    lesson: str
    written: str = ""


TERMS = (
    # 00 and 01
    Term("accuracy", "The share of examples for which a model's answer is right.", "start_here"),
    Term("loss", "One number that says how wrong a model is; training makes it smaller.", "start_here"),
    Term(
        "gradient",
        "For every number in a tensor, how much the loss changes when that number is nudged. "
        "It has the shape of what it belongs to.",
        "numpy_backprop",
    ),
    Term(
        "chain rule",
        "The derivative of one function after another is the product of their derivatives.",
        "numpy_backprop",
    ),
    Term(
        "backpropagation",
        "The chain rule applied from the loss backwards, so that one sweep finds the gradient of every weight.",
        "numpy_backprop",
    ),
    Term("gradient descent", "Small steps against the gradient, repeated until the loss is small.", "numpy_backprop"),
    Term("learning rate", "The factor between a gradient and the step that is taken against it.", "numpy_backprop"),
    Term(
        "least squares",
        "Finding the factors for which the sum of squared errors is as small as it can be.",
        "numpy_backprop",
    ),
    Term(
        "finite difference",
        "A slope that is measured by nudging the input a little up and a little down; it needs no derivation.",
        "numpy_backprop",
    ),
    Term("ReLU", "The function max(h, 0), applied to each entry.", "numpy_backprop"),
    Term("subgradient", "A permitted slope at a kink, where no derivative exists.", "numpy_backprop"),
    Term("batch", "Several examples that go through a model together; one row is one example.", "numpy_backprop"),
    # 02 and 03
    Term("tensor", "An array of numbers with a shape, a dtype and a device.", "torch_tensors"),
    Term("dtype", "The kind of number that a tensor holds, such as float32 or int64.", "torch_tensors"),
    Term(
        "device", "Where a tensor's numbers are stored and computed with: the CPU or an accelerator.", "torch_tensors"
    ),
    Term(
        "broadcasting",
        "The rule by which tensors of different shapes are combined: shapes are aligned at the right, and a dimension "
        "of size 1 is repeated.",
        "torch_tensors",
    ),
    Term("view", "A tensor that looks at another tensor's memory with a shape of its own.", "torch_tensors"),
    Term("stride", "How far apart in memory two neighbours along a dimension are.", "torch_tensors"),
    Term("promotion", "Choosing the dtype of a result whose operands have different ones.", "torch_tensors"),
    Term("contiguous", "Laid out in memory in the order in which one reads the entries.", "torch_tensors"),
    Term(
        "in-place operation",
        "One that writes into the tensor's own memory instead of making a new tensor.",
        "torch_tensors",
        "in-place",
    ),
    Term(
        "einsum",
        "A product of tensors that is written by naming the dimensions; a name left out is summed over.",
        "torch_tensors",
    ),
    Term("accelerator", "A processor other than the CPU that computes with tensors, such as a GPU.", "torch_backprop"),
    Term("float32", "A number in 32 bits, with about seven decimal digits; torch's default.", "torch_backprop"),
    Term(
        "warm-up", "Runs that are not timed, because the first ones cost more than those that follow.", "torch_backprop"
    ),
    Term("median", "The middle one of sorted values; a single slow run does not move it.", "torch_backprop"),
    # 04, 05 and 06
    Term(
        "vector-Jacobian product",
        "What an operation does with the gradient that arrives at its output: it makes the gradient of its input, "
        "without ever building the Jacobian.",
        "own_autograd",
    ),
    Term(
        "Jacobian",
        "The table of the derivatives of every output entry with respect to every input entry.",
        "own_autograd",
    ),
    Term(
        "topological order",
        "An order of a graph's nodes in which each comes after everything that it is made from.",
        "own_autograd",
    ),
    Term(
        "accumulation",
        "Adding up the gradients that reach one tensor along several ways, or in several sweeps.",
        "own_autograd",
        "accumulat",
    ),
    Term(
        "unbroadcasting",
        "Summing a gradient over the dimensions that broadcasting repeated.",
        "own_autograd",
        "unbroadcast",
    ),
    Term("leaf", "A tensor that was made by no operation; its gradient is kept.", "own_autograd"),
    Term(
        "graph",
        "All that a result was made from, as nodes linked to one another; autograd's has a node for each operation.",
        "own_autograd",
    ),
    Term("autograd", "The part of PyTorch that records operations and computes gradients from the record.", "autograd"),
    Term("grad_fn", "The node that made a tensor; a leaf has none.", "autograd"),
    Term("AccumulateGrad", "The node at which a gradient is added to a leaf's .grad.", "autograd"),
    Term("hook", "A function of yours that is called with a gradient during backward.", "autograd"),
    Term("retain_graph", "The argument that lets a graph be walked back more than once.", "autograd"),
    Term("detach", "To make a tensor with the same numbers that autograd knows nothing of.", "autograd"),
    Term("no_grad", "A block in which nothing is recorded.", "autograd"),
    Term("Hessian", "The table of all second derivatives.", "autograd"),
    Term("logit", "A score before the sigmoid or softmax; any number, of either sign.", "autograd"),
    Term("gradcheck", "PyTorch's comparison of a backward with finite differences, in float64.", "custom_function"),
    Term(
        "save_for_backward",
        "The way to keep a tensor from forward for backward, with its version checked.",
        "custom_function",
    ),
    Term(
        "straight-through estimator",
        "A backward that pretends that a step function was the identity, so that it can be trained through.",
        "custom_function",
    ),
    Term("vmap", "A function that turns a function of one example into one of a batch.", "custom_function"),
    # 07, 08 and 09
    Term("module", "An object of torch.nn that holds parameters and a forward.", "nn"),
    Term("parameter", "A tensor that a module registers as its own and an optimiser changes.", "nn"),
    Term("buffer", "A tensor that belongs to a module and is saved with it, but is not trained.", "nn"),
    Term("softmax", "Turns scores into positive numbers that add up to 1.", "nn"),
    Term(
        "cross-entropy", "Minus the logarithm of the probability that a model gives to the right class, averaged.", "nn"
    ),
    Term("one-hot", "A class written as a row of zeros with a single 1.", "nn"),
    Term("epoch", "One pass over all training data.", "nn"),
    Term("mini-batch", "A small part of the data, drawn anew for each step.", "nn"),
    Term("dropout", "Setting a random part of the activations to zero in training.", "nn"),
    Term("batch normalisation", "Shifting and scaling each feature by the mean and spread of the batch.", "nn"),
    Term("state_dict", "A module's parameters and buffers by name; what one saves.", "nn"),
    Term("optimiser", "What turns gradients into steps.", "optim"),
    Term("SGD", "Stochastic gradient descent: steps against the gradient of a mini-batch.", "optim"),
    Term("momentum", "A running sum of past gradients that the step follows.", "optim"),
    Term("weight decay", "Pulling every weight a little towards zero in each step.", "optim"),
    Term("AdaGrad", "Divides each weight's step by the root of the sum of its squared gradients.", "optim"),
    Term("RMSprop", "Like AdaGrad, with a running mean in the place of the sum.", "optim"),
    Term("Adam", "Running means of the gradient and of its square, both corrected for their start.", "optim"),
    Term("schedule", "A rule by which the learning rate changes during training.", "optim"),
    Term("parameter group", "Parameters that share their settings within one optimiser.", "optim"),
    Term("control flow", "What decides which lines run, and how often: `if`, `for`, `while`.", "dynamic_nets"),
    Term("tracing", "Running a function once and keeping the operations that ran.", "dynamic_nets"),
    Term(
        "recurrent network",
        "One that reads a sequence step by step, with the same weights in every step.",
        "dynamic_nets",
        "recurrent",
    ),
    # 10 and 11
    Term(
        "Dataset",
        "An object that knows how many examples there are and returns one by its number.",
        "fashion_mnist_data",
    ),
    Term("DataLoader", "Draws examples from a Dataset and hands them out in batches.", "fashion_mnist_data"),
    Term("transform", "A function that is applied to each example when it is read.", "fashion_mnist_data"),
    Term(
        "augmentation",
        "Random changes of the training images that leave the right answer as it is.",
        "fashion_mnist_data",
    ),
    Term("worker", "A process of its own that loads batches while the model computes.", "fashion_mnist_data"),
    Term(
        "convolution",
        "A layer that slides small filters over an image, the same weights at every place.",
        "fashion_mnist_training",
    ),
    Term("validation split", "Examples held back from training, by which one chooses.", "fashion_mnist_training"),
    Term("test set", "Examples that decide nothing; opened once, at the end.", "fashion_mnist_training"),
    Term(
        "standard error",
        "How far a mean over several runs is likely to be from the mean over very many.",
        "fashion_mnist_training",
    ),
    Term(
        "bootstrap",
        "Drawing the measured values anew, with replacement, to see how far a result may be off by luck.",
        "fashion_mnist_training",
    ),
    Term(
        "confusion matrix",
        "A table that counts, for each true class, which classes the model answered.",
        "fashion_mnist_training",
    ),
    Term("checkpoint", "A file with everything that training needs to go on.", "fashion_mnist_training"),
    # 12
    Term(
        "recording",
        "A list of the operations that ran, in their order; what did not run is not in it.",
        "compile_export_scale",
    ),
    Term(
        "TorchScript",
        "A small language into which torch.jit.script translates the text of a function.",
        "compile_export_scale",
    ),
    Term(
        "guard",
        "The condition under which a compiled recording may be used; tested before each call.",
        "compile_export_scale",
    ),
    Term(
        "graph break",
        "A place at which torch.compile has to leave its graph and lets Python run.",
        "compile_export_scale",
    ),
    Term("backend", "What turns a recorded graph into code that runs.", "compile_export_scale"),
    Term("inductor", "torch.compile's own backend; it writes C++, or Triton for a GPU.", "compile_export_scale"),
    Term("clipping", "Shortening a vector that is longer than a limit to that length.", "compile_export_scale"),
    Term("ONNX", "A file format for graphs that runtimes other than torch read.", "compile_export_scale"),
    Term(
        "data parallelism",
        "Giving each process a copy of the model and a share of each batch; only gradients are exchanged.",
        "compile_export_scale",
    ),
    Term("rank", "The number of a process among those that train together.", "compile_export_scale"),
    Term("world_size", "How many processes train together.", "compile_export_scale"),
    Term(
        "torchrun",
        "The command that starts the processes of a training, and starts them again when one dies.",
        "compile_export_scale",
    ),
    Term(
        "DistributedDataParallel",
        "A wrapper of a model that averages the gradients of all processes while backward runs.",
        "compile_export_scale",
    ),
    Term(
        "DistributedSampler",
        "Gives each process its share of the images, in another order each epoch if it is told the epoch.",
        "compile_export_scale",
    ),
    Term(
        "atomic",
        "Done as a whole or not at all, such as a file that is written beside its place and then renamed.",
        "compile_export_scale",
    ),
)
