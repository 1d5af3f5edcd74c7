"""The channels brought to the front, in contiguous memory: a reshape is not a transpose."""

import numpy as np
import torch

from tutor.checking import Misconception, code
from tutor.checking.evidence import seen
from tutor.checking.space import Array, Space


def probe_grey_bytes(d):
    """Grey images as they stand in files: one channel, whole numbers from 0 to 255, and every second one of a longer row."""
    n, h, w = d.sizes(3, 2, 5)
    return (torch.from_numpy(d.rng.integers(0, 256, (2 * n, h, w, 1), dtype=np.uint8))[::2],)


def look_at_memory(answer, images):
    """The images, whether they lie in one strip, and whether the dtype is that of the images that were given."""
    out = answer(images)
    if not isinstance(out, torch.Tensor):
        return out, "no tensor", "no tensor"
    lies = "contiguous" if out.is_contiguous() else "not contiguous"
    return out, lies, "as it was" if out.dtype == images.dtype else str(out.dtype)


def channels_by_transposes(images):
    return images.transpose(2, 3).transpose(1, 2).contiguous()


def channels_by_stack(images):
    return torch.stack([images[..., c] for c in range(images.shape[-1])], dim=1)


def channels_by_einsum(images):
    return torch.einsum("nhwc->nchw", images).clone(memory_format=torch.contiguous_format)


def channels_by_filling(images):
    n, h, w, c = images.shape
    out = images.new_empty(n, c, h, w)
    out.copy_(images.movedim(-1, 1))
    return out


EXERCISE = code(
    difficulty="easy",
    minutes=8,
    drills=("views",),
    space=Space(
        {
            "images": Array(
                "N H W C",
                dtypes=("float32", "float64", "int64"),
                layouts=("contiguous", "transposed", "strided"),
                scales=("usual", "large"),
                values=("distinct", "zeros"),
                tensor=True,
            )
        },
        sizes={"N": (1,), "C": (1,)},
    ),
    probe=probe_grey_bytes,
    use=look_at_memory,
    outputs=("images", "memory", "dtype"),
    misconceptions=(
        Misconception(
            "reshape-for-permute",
            "The shape is right and the pixels stand elsewhere: they come in the old order, cut in other places, as by a reshape. "
            " Here dimensions have to change places.",
            patch=(
                "images.permute(0, 3, 1, 2)",
                "images.reshape(images.shape[0], images.shape[3], images.shape[1], images.shape[2])",
            ),
            hints=("Does a reshape move any number to another place in memory?",),
        ),
        Misconception(
            "not-contiguous",
            "The right numbers in the right order of dimensions, but they do not lie in memory in that order: `permute` and "
            "`transpose` only swap strides, and `clone` keeps them. `view(N, -1)` would refuse.",
            patch=(".contiguous()", ""),
            hints=("What is `is_contiguous()` of your result?",),
        ),
        Misconception(
            "contiguous-too-early",
            "The right numbers in the right order of dimensions, but they do not lie in memory in that order. Are they copied before the dimensions change places? Then the copy lies in the *old* order; `permute` and `transpose` move nothing.",
            patch=("permute(0, 3, 1, 2).contiguous()", "contiguous().permute(0, 3, 1, 2)"),
            hints=("What is `is_contiguous()` of your result, and after which of your operations?",),
        ),
        Misconception(
            "strides-cloned",
            "The right numbers in the right order of dimensions, but they do not lie in memory in that order: a copy that keeps the strides, as `clone()` does, lies as the images did. `view(N, -1)` would refuse.",
            patch=(".contiguous()", ".clone()"),
            hints=("What is `is_contiguous()` of your result?",),
        ),
        Misconception(
            "float32-whatever-comes",
            "The numbers are right, and they are float32 whatever dtype `images` has. That is what `torch.zeros` and `torch.empty` make unless they are told otherwise, and what `float()` turns into.",
            patch=(".contiguous()", ".contiguous().float()"),
            hints=("Which dtype has your result where `images` holds bytes?",),
        ),
        Misconception(
            "height-and-width-swapped",
            "The channels are in front, but height and width have changed places: your shape is (N, C, W, H), and every "
            "image lies on its side.",
            patch=("permute(0, 3, 1, 2)", "transpose(1, 3)"),
            hints=("After you swap dimensions 1 and 3, where is the height?",),
        ),
        Misconception(
            "permute-backwards",
            "Your shape is (N, W, C, H): every dimension but the first stands in another place than it should.",
            patch=("permute(0, 3, 1, 2)", "permute(0, 2, 3, 1)"),
            cause="`permute` is not told where each dimension goes, but for each new place the old dimension that comes there.",
            evidence=seen("_.permute(...)"),
            other=("permute(0, 3, 1, 2)", "transpose(1, 2).transpose(2, 3)"),
            hints=("Which old dimension should stand at place 1 of the result?",),
        ),
    ),
    alternatives=(channels_by_transposes, channels_by_stack, channels_by_einsum, channels_by_filling),
    hints=(
        "For each place in (N, C, H, W): which dimension of `images` comes there?",
        "`permute` with four numbers, then make the memory follow.",
        "`return images.permute(0, 3, 1, 2).contiguous()`",
    ),
)
