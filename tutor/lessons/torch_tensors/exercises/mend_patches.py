"""Images cut into patches: `view` refuses, and `reshape`, which its message recommends, mixes the patches."""

import torch

from tutor.checking import Misconception, repair
from tutor.checking.space import Array, Size, Space


def patches_one_by_one(images, size):
    rows = []
    for top in range(0, images.shape[2], size):
        for left in range(0, images.shape[3], size):
            rows.append(images[:, :, top : top + size, left : left + size].flatten(1))
    rows = torch.stack(rows, dim=1)
    return rows, rows.mean(dim=2)


def patches_by_windows(images, size):
    windows = images.unfold(2, size, size).unfold(3, size, size)  # (N, C, down, across, size, size)
    return windows.movedim(1, 3).flatten(3).flatten(1, 2), windows.mean(dim=(1, 4, 5)).flatten(1)


def patches_by_the_library(images, size):
    rows = torch.nn.functional.unfold(images, size, stride=size).transpose(1, 2)
    return rows, rows.mean(dim=-1)


def patches_by_letters(images, size):
    n, colours, height, width = images.shape
    tiles = images.reshape(n, colours, height // size, size, width // size, size)
    rows = torch.einsum("nciajb->nijcab", tiles).reshape(n, -1, colours * size**2)
    return rows, rows.sum(dim=2) / rows.shape[2]


ORDER = "tiles.permute(0, 2, 4, 1, 3, 5)"
JOINED = "tiles.reshape(n, down * across, colours * size * size)"

EXERCISE = repair(
    difficulty="medium",
    minutes=7,
    drills=("views",),
    fault="The program stops where it did: `view` joins dimensions only where their numbers lie one behind the other. Before you force it to, ask which dimensions stand side by side when they are joined, and which should.",
    shown_by=("gupta-abhay/pytorch-vit#7", "BonnBytes/PyTorch-FWD#16"),
    space=Space(
        {
            "images": Array(
                "N C H*S W*S",
                values=("distinct", "zeros"),
                scales=("usual", "large"),
                tensor=True,
            ),
            "size": Size("S"),
        },
        sizes={"N": (1,), "C": (1,), "H": (1,), "W": (1,), "S": (1,)},
    ),
    outputs=("rows", "means"),
    misconceptions=(
        Misconception(
            "joined-across-colours",
            "Nothing stops any more, and the shapes are right, but the numbers of different patches stand in one row: a row is to be one patch, and the dimensions that it joins have to stand side by side, colours included. `reshape` and `contiguous().view` silence `view` and join what stands side by side all the same.",
            patch=(ORDER, "tiles.transpose(3, 4)"),
            hints=("What is `tiles.shape` when it is joined, and which of these dimensions should make up P?",),
        ),
        Misconception(
            "right-order-no-view",
            "The dimensions stand in the right order now. In memory the numbers lie in another one, so no `view` can join them: this is where `reshape`, which copies if it must, is right.",
            patch=("tiles.reshape(", "tiles.view("),
            hints=("Which of `view` and `reshape` may copy?",),
        ),
        Misconception(
            "strips-of-memory",
            "The shapes are right, but each row is a strip of the image as it lies in memory, and no patch. Dimensions have to be moved before they are joined.",
            patch=(ORDER, "tiles"),
            hints=("Do the numbers of a patch lie one behind the other in memory?",),
        ),
        Misconception(
            "patches-downwards",
            "Each row is a patch now, but they come in another order: first all that lie below each other.",
            patch=(ORDER, "tiles.permute(0, 4, 2, 1, 3, 5)"),
            hints=("Which of `down` and `across` has to stand last of the two, so that it counts faster?",),
        ),
        Misconception(
            "patches-turned",
            "The patches stand in the right order, but each is mirrored at its diagonal: its rows have become columns.",
            patch=(ORDER, "tiles.permute(0, 2, 4, 1, 5, 3)"),
            hints=("Which of the two dimensions of `size` counts the rows within a patch?",),
        ),
        Misconception(
            "colours-last",
            "Each row holds the right patch, but the colours of a pixel stand side by side in it: the colours should be the slowest of its three dimensions, not the fastest.",
            patch=(ORDER, "tiles.permute(0, 2, 4, 3, 5, 1)"),
            hints=("In which order do the three dimensions of a patch have to stand: (C, size, size), or another?",),
        ),
    ),
    alternatives=(patches_one_by_one, patches_by_windows, patches_by_the_library, patches_by_letters),
    hints=(
        "Print `tiles.shape` before and after the line with `transpose`: which dimensions are joined into P, which into a row?",
        "`view` and `reshape` join neighbours. So first bring all six dimensions into the order (N, down, across, C, size, size).",
        f"`tiles = {ORDER}`, then `{JOINED}`",
    ),
)
