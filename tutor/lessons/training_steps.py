"""What an exercise about one training step asks of its answer, in the lessons that write one."""

from tutor.checking import Misconception


def kind_of(loss):
    """In words, what sort of thing a returned loss is."""
    return "a Python number" if isinstance(loss, float | int) else f"of the type {type(loss).__name__}"


TENSOR_RETURNED = Misconception(
    "tensor-returned",
    "The step is right, but you return a tensor. A Python number is asked for: `.item()` takes it out. A list of such "
    "losses would keep the graph of every step in memory.",
    patch=("return loss.item()", "return loss"),
    hints=("What does `type(loss)` say of what you return?",),
)
