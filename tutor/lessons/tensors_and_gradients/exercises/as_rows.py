"""Images as rows of numbers: pixels left as bytes, rows that mix several images, one row for everything."""

import torch

from tutor.checking import Misconception, code
from tutor.checking.evidence import seen
from tutor.checking.space import Array, Space


def probe_dark_images(d):
    """A few images without a black pixel, and without a white one."""
    n, h, w = d.sizes(3)
    return (torch.from_numpy(d.rng.integers(20, 200, (n, h, w)).astype("uint8")),)


def probe_one_image(d):
    """A single image, not square, whose brightest pixel is white."""
    h, w = d.sizes(2)
    image = torch.from_numpy(d.rng.integers(0, 250, (1, h, w)).astype("uint8"))
    image[0, 0, 0] = 255
    return (image,)


def rows_by_flatten(images):
    return torch.flatten(images, start_dim=1).float() * (1 / 255)


def rows_by_stack(images):
    return torch.stack([image.reshape(-1).float().div(255) for image in images])


def rows_by_sizes(images):
    n, h, w = images.shape
    return images.to(torch.float32).reshape(n, h * w).div_(255.0)


EXERCISE = code(
    difficulty="easy",
    minutes=4,
    drills=("reshape",),
    space=Space({"images": Array("N H W", dtypes=("uint8",), tensor=True)}, sizes={"N": (1,), "H": (1,), "W": (1,)}),
    probe=(probe_dark_images, probe_one_image),
    misconceptions=(
        Misconception(
            "not-divided",
            "The rows are right, and the pixels are still numbers from 0 to 255. Divide by the largest that a byte can be.",
            patch=(" / 255", ""),
            hints=("What becomes of a white pixel, 255?",),
        ),
        Misconception(
            "whole-numbers",
            "Every pixel below 255 came out as 0: what stands behind the point is lost, in the division or afterwards.",
            patch=("/ 255", "// 255"),
            cause="`//` divides and throws the rest away; a single `/` keeps it.",
            evidence=seen("_ // _", "_ //= _"),
            other=("images.view(len(images), -1) / 255", "(images.view(len(images), -1) / 255).long()"),
            hints=("What is 100 / 255, and what is left of it in your result?",),
        ),
        Misconception(
            "divided-by-the-largest",
            "The brightest pixel of the images at hand comes out as 1, whatever it was. So a dark image becomes as bright as a white one; the scale is always 255.",
            patch=("/ 255", "/ images.max()"),
            hints=("What would become of an image that is dark all over?",),
        ),
        Misconception(
            "each-by-its-largest",
            "In every image the brightest pixel comes out as 1, whatever it was. The scale is the same for all images: 255.",
            patch=(
                "images.view(len(images), -1) / 255",
                "images.view(len(images), -1) / images.view(len(images), -1).amax(dim=1, keepdim=True).float()",
            ),
            hints=("What would become of an image that is dark all over?",),
        ),
        Misconception(
            "stretched",
            "The darkest pixel of all comes out as 0 and the brightest as 1, whatever they were. 0 and 255 are what should become 0 and 1.",
            patch=(
                "images.view(len(images), -1) / 255",
                "(images.view(len(images), -1) - images.min()) / (images.max() - images.min())",
            ),
            hints=("Which byte should become 0, and which 1?",),
        ),
        Misconception(
            "one-long-row",
            "All pixels stand in one long row. Each image should have a row of its own: the first size stays.",
            patch=("view(len(images), -1)", "view(-1)"),
            hints=("How many rows should come out for three images?",),
        ),
        Misconception(
            "cut-elsewhere",
            "There are as many columns as images, and no row is an image. The number of images is the *first* size, and what is left, H * W, the second.",
            patch=("view(len(images), -1)", "view(-1, len(images))"),
            hints=("Which of the two sizes does the docstring name first?",),
        ),
        Misconception(
            "lying-down",
            "Every image is a column here. A reshape that keeps the first size is enough; nothing has to be transposed.",
            patch=("view(len(images), -1)", "view(len(images), -1).T"),
            hints=("In which direction do the pixels of one image run?",),
        ),
        Misconception(
            "columns-first",
            "The pixels of an image are read column by column. Leave them in the order in which they lie, row by row.",
            patch=("images.view(len(images), -1)", "images.transpose(1, 2).reshape(len(images), -1)"),
            hints=("Which pixel follows the first one?",),
        ),
        Misconception(
            "rows-of-pixels",
            "There is a row for every row of pixels. One row should hold a whole image, H * W numbers.",
            patch=("view(len(images), -1)", "view(-1, images.shape[2])"),
            hints=("How many numbers has one image?",),
        ),
    ),
    alternatives=(rows_by_flatten, rows_by_stack, rows_by_sizes),
    hints=(
        "Which of the three sizes stays, and what becomes of the other two?",
        "`view` with the number of images first and `-1` for the rest; then divide by 255.",
        "`return images.view(len(images), -1) / 255`",
    ),
)
