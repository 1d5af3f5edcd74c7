"""A float32 tensor with an array's numbers in its own memory: shared memory, and dtypes that come along."""

import numpy as np
import torch

from tutor.checking import Misconception, code


def probe_float32(d):
    """An array whose dtype is the wanted one already: the case in which conversions do not copy."""
    return (d.array(*d.sizes(2, 2, 5)),)


def probe_float64(d):
    """An array of NumPy's usual dtype."""
    return (d.array(*d.sizes(2, 2, 5)).astype(np.float64),)


def probe_whole(d):
    """An array of whole numbers."""
    return (d.rng.integers(1, 100, d.sizes(1, 3, 6)),)


def probe_single_number(d):
    """A number in an array without any dimension."""
    return (np.array(d.integer(2, 5), dtype=np.float32),)


def probe_one_row(d):
    """An array with a dimension of size 1."""
    return (d.array(1, *d.sizes(1, 3, 6)),)


def write_afterwards(answer, array):
    """Make the tensor, then write into the array; what the tensor holds after that counts, and whether the array was left alone."""
    mine = array.copy()
    tensor = answer(mine)
    left = "as it was" if np.array_equal(mine, array) else "changed"
    mine += 1
    return tensor, str(tensor.dtype) if isinstance(tensor, torch.Tensor) else "no tensor", left


def own_by_clone(array):
    return torch.from_numpy(array).clone().float()


def own_by_astype(array):
    return torch.from_numpy(array.astype(np.float32).copy())


def own_by_list(array):
    return torch.tensor(array.tolist(), dtype=torch.float32)


def own_by_filling(array):
    tensor = torch.empty(array.shape)
    tensor[...] = torch.as_tensor(array)
    return tensor


EXERCISE = code(
    difficulty="easy",
    minutes=5,
    drills=("numpy-bridge", "create"),
    probe=(probe_float32, probe_float64, probe_whole, probe_single_number, probe_one_row),
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
            "A list of decimal numbers becomes float32, but a list of whole numbers becomes int64. Name the dtype.",
            patch=("torch.tensor(array, dtype=torch.float32)", "torch.tensor(array.tolist())"),
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
