"""A grey PIL image as a float tensor: scaled by its own numbers or not at all, axes in the wrong places."""

import numpy as np
import torch
from PIL import Image

from tutor.checking import Misconception, code
from tutor.checking.evidence import seen

from ..shared import draw_bytes, dtype_in_words


def probe_picture(d):
    """The pixels of a small picture that is not square."""
    return (draw_bytes(d, *d.sizes(2, 3, 8)),)


def probe_dark(d):
    """A picture so dark that no byte in it is larger than 1."""
    return (draw_bytes(d, *d.sizes(2, 3, 8)) % 2,)


def use_to_tensor(to_tensor, pixels):
    """What becomes of a PIL image, and in which dtype."""
    x = to_tensor(Image.fromarray(pixels))
    return x, dtype_in_words(x)


def to_tensor_numpy(image):
    return torch.tensor(np.asarray(image)[None] / 255, dtype=torch.float32)


def to_tensor_bytes(image):
    width, height = image.size
    return torch.tensor(list(image.tobytes())).view(1, height, width).div(255)


def to_tensor_getpixel(image):
    rows = [[image.getpixel((j, i)) / 255 for j in range(image.width)] for i in range(image.height)]
    return torch.tensor([rows])


def to_tensor_in_place(image):
    x = torch.from_numpy(np.array(image, dtype=np.float32))
    x /= 255.0
    return x.reshape((1, *x.shape))


EXERCISE = code(
    difficulty="easy",
    minutes=6,
    drills=("to-tensor", "dataset"),
    probe=(probe_picture, probe_dark),
    use=use_to_tensor,
    outputs=("the tensor", "its dtype"),
    exact=True,
    forbid=("call:tutor.data.transforms.ToTensor",),
    misconceptions=(
        Misconception(
            "not-scaled",
            "The numbers still go up to 255. The network expects 0 to 1.",
            patch=(" / 255", ""),
            hints=("What is the largest number that a byte can hold?",),
        ),
        Misconception(
            "bytes-left",
            "The bytes come back as they are: whole numbers up to 255. The network expects floats from 0 to 1.",
            patch=(".float().unsqueeze(0) / 255", ".unsqueeze(0)"),
            hints=("What is the dtype of `np.array(image)`, and what is its largest number?",),
        ),
        Misconception(
            "double-precision",
            "The numbers are right, but they are float64 (NumPy makes such when it divides whole numbers). The weights of a network are float32, and the two cannot be multiplied.",
            patch=(".float()", ".double()"),
            hints=("What makes a float32 tensor of any tensor?",),
        ),
        Misconception(
            "own-largest",
            "The picture is divided by its own largest pixel. Then every picture is stretched differently, and a dark one looks like a bright one.",
            patch=("/ 255", "/ pixels.max()"),
            hints=("Should a picture of a dark grey shirt contain a 1?",),
        ),
        Misconception(
            "own-range",
            "The picture is stretched from its own smallest to its own largest pixel. Then a dark picture looks like a bright one.",
            patch=(
                "torch.from_numpy(pixels).float().unsqueeze(0) / 255",
                "torch.from_numpy((pixels - pixels.min()) / (pixels.max() - pixels.min())).float().unsqueeze(0)",
            ),
            hints=("May two pictures be scaled by different numbers?",),
        ),
        Misconception(
            "no-channel",
            "The values are right, but the dimension for the channel is missing in front: (1, H, W).",
            patch=(".unsqueeze(0)", ""),
            hints=("What adds a dimension of size 1?",),
        ),
        Misconception(
            "channel-last",
            "The channel stands last. PyTorch wants it in front of height and width: (1, H, W).",
            patch=(".unsqueeze(0)", ".unsqueeze(-1)"),
            hints=("At which position does `unsqueeze` put the new dimension?",),
        ),
        Misconception(
            "sides-exchanged",
            "Height and width have changed places. Pillow's `image.size` is (width, height); a tensor's shape is (1, height, width).",
            patch=(".unsqueeze(0)", ".reshape(1, *image.size)"),
            hints=("Does `np.array(image)` have height or width first?",),
        ),
        Misconception(
            "transposed",
            "The picture lies on its side: rows and columns have changed places. `np.array(image)` has the rows first already.",
            patch=("np.array(image)", "np.array(image).T"),
            hints=("What is the shape of `np.array(image)`?",),
        ),
        Misconception(
            "whole-division",
            "Every number comes out as 0. A pixel of 51 is to become 0.2: are the quotients cut down to whole numbers?",
            patch=("/ 255", "// 255"),
            cause="`//` does that; `/` is wanted.",
            evidence=seen("_ // _"),
            other=(
                "torch.from_numpy(pixels).float().unsqueeze(0) / 255",
                "(torch.from_numpy(pixels).float().unsqueeze(0) / 255).floor()",
            ),
            hints=("What is 51 / 255, and what is left of it in whole numbers?",),
        ),
        Misconception(
            "around-zero",
            "Your numbers go from -1 to 1. That is a normalisation; here 0 to 1 is asked for.",
            patch=("/ 255", "/ 127.5 - 1"),
            hints=("What should a pixel of 0 become?",),
        ),
    ),
    alternatives=(to_tensor_numpy, to_tensor_bytes, to_tensor_getpixel, to_tensor_in_place),
    equivalent_mutants={
        "return torch.from_numpy(pixels).unsqueeze(0) / 255": "dividing bytes by a number makes floats of them"
    },
    hints=(
        "Which three things differ between the pixels that you have and the tensor that is asked for?",
        "Float numbers, a division by 255, and a dimension of size 1 in front.",
        "`torch.from_numpy(np.array(image)).float().unsqueeze(0) / 255`.",
    ),
)
