"""A float32 tensor with an array's numbers in its own memory: shared memory, and dtypes that come along."""

import numpy as np
import torch

from tutor.checking import Misconception, code
from tutor.checking.evidence import seen
from tutor.checking.probes import clone
from tutor.checking.space import Array, Space


def probe_one_row(d):
    """An array with a dimension of size 1."""
    return (d.array(1, *d.sizes(1, 3, 6)),)


def probe_nothing(d):
    """An array without numbers, whose sizes are more than its list tells."""
    return (d.array(0, *d.sizes(1, 3, 6)),)


def write_afterwards(answer, array):
    """Make the tensor, then write into the array; what the tensor holds after that counts, and whether the array was left alone."""
    mine = clone(np.asarray(array))
    tensor = answer(mine)
    left = "as it was" if np.array_equal(mine, array) else "changed"
    mine += 10
    return tensor, str(tensor.dtype) if isinstance(tensor, torch.Tensor) else "no tensor", left


def own_by_clone(array):
    return torch.from_numpy(array).clone().float()


def own_by_astype(array):
    return torch.from_numpy(array.astype(np.float32).copy())


def own_by_list(array):
    return torch.tensor(array.tolist(), dtype=torch.float32).reshape(array.shape)


def own_by_filling(array):
    tensor = torch.empty(array.shape)
    tensor[...] = torch.as_tensor(array)
    return tensor


EXERCISE = code(
    difficulty="easy",
    minutes=5,
    drills=("numpy-bridge", "create"),
    space=Space(
        {
            "array": Array(
                ranks=(2, 0, 1, 3),
                dtypes=("float32", "float64", "int64"),
                layouts=("contiguous", "transposed", "strided"),
                scales=("usual", "large"),
                values=("distinct", "zeros"),
            )
        }
    ),
    probe=(probe_one_row, probe_nothing),
    use=write_afterwards,
    outputs=("the tensor after a later write into the array", "dtype", "the array"),
    misconceptions=(
        Misconception(
            "shared-memory",
            "The tensor uses the array's own memory and its dtype: when the array is written to, the tensor changes with it.",
            patch=("torch.tensor(array, dtype=torch.float32)", "torch.from_numpy(array)"),
            hints=("Which functions copy, and which build a bridge?",),
        ),
        Misconception(
            "copies-only-if-it-must",
            "This copies only where the dtype has to change. An array that is float32 already is shared, and "
            "your tensor changes with it.",
            patch=("torch.tensor(array, dtype=torch.float32)", "torch.from_numpy(array).float()"),
            hints=("What does `.float()` (or `as_tensor`) do if the numbers are float32 already?",),
        ),
        Misconception(
            "dtype-of-the-array",
            "The memory is its own now, but the dtype came along from NumPy: float64 or whole numbers instead of float32.",
            patch=(", dtype=torch.float32", ""),
            hints=("What is `np.zeros(3).dtype`, and what does torch make of it?",),
        ),
        Misconception(
            "dtype-from-a-list",
            "Whole numbers come out as int64. float32 is asked for, whatever the array holds: name the dtype.",
            patch=("torch.tensor(array, dtype=torch.float32)", "torch.tensor(array.tolist()).reshape(array.shape)"),
            cause="A list of decimal numbers becomes float32, but a list of whole numbers int64.",
            evidence=seen("_.tolist()", "list(_)"),
            other=("dtype=torch.float32", "dtype=torch.float32 if array.dtype.kind == 'f' else None"),
            hints=("Which dtype has `torch.tensor([1, 2])`?",),
        ),
        Misconception(
            "shape-for-numbers",
            "The shape is right, but the numbers of the array never arrived.",
            patch=("torch.tensor(array, dtype=torch.float32)", "torch.zeros(array.shape)"),
            hints=("Where do the numbers of the array go?",),
        ),
    ),
    alternatives=(own_by_clone, own_by_astype, own_by_list, own_by_filling),
    hints=(
        "Whose memory should the numbers lie in, and which dtype should they have?",
        "`torch.tensor` always copies, and takes a `dtype=`.",
        "`return torch.tensor(array, dtype=torch.float32)`",
    ),
)
