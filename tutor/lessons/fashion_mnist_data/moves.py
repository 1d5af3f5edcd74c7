"""Images mirrored and moved, for lesson 10: wrong in ways that no patch makes, and right, written differently."""

import torch
from torch.nn import functional


def rolled(_):
    """An answer that lets what leaves on one side come in on the other."""

    def flip_and_shift(images, flipped, down, right):
        images = torch.where(flipped.view(-1, 1, 1), images.flip(2), images)
        moves = zip(images, down.tolist(), right.tolist(), strict=True)
        return torch.stack([image.roll((d, r), dims=(0, 1)) for image, d, r in moves])

    return flip_and_shift


def repeated(_):
    """An answer that repeats the border instead of letting 0 come in."""

    def flip_and_shift(images, flipped, down, right):
        height, width = images.shape[1:]
        images = torch.where(flipped.view(-1, 1, 1), images.flip(2), images)
        padded = functional.pad(images, (2, 2, 2, 2), mode="replicate")
        moves = zip(padded, down.tolist(), right.tolist(), strict=True)
        return torch.stack([p[2 - d : 2 - d + height, 2 - r : 2 - r + width] for p, d, r in moves])

    return flip_and_shift


def wrapped_at_one_side(_):
    """An answer that asks whether an index is too large, not whether it is negative and counts from the end."""

    def flip_and_shift(images, flipped, down, right):
        height, width = images.shape[1:]
        out = rolled(None)(images, flipped, down, right)
        for image, d, r in zip(out, down.tolist(), right.tolist(), strict=True):
            image[min(height, height + d) :] = 0
            image[:, min(width, width + r) :] = 0
        return out

    return flip_and_shift


def cleared_by(clear):
    """An answer that rolls each image and then clears what came in, in a way of its own, along both dimensions."""

    def flip_and_shift(images, flipped, down, right):
        out = rolled(None)(images, flipped, down, right)
        for image, d, r in zip(out, down.tolist(), right.tolist(), strict=True):
            clear(image, d)
            clear(image.T, r)
        return out

    return flip_and_shift


def unmoved_wiped(_):
    """An answer that takes a move of 0 for a negative one, so that all is cleared."""

    def clear(image, move):
        image[slice(None, move) if move > 0 else slice(move, None)] = 0

    return cleared_by(clear)


def negative_wiped(_):
    """An answer that clears as if all moves were positive."""

    def clear(image, move):
        image[:move] = 0

    return cleared_by(clear)


def by_loop(images, flipped, down, right):
    out = torch.zeros_like(images)
    n, height, width = images.shape
    for k in range(n):
        image = images[k].fliplr() if flipped[k] else images[k]
        for i in range(height):
            for j in range(width):
                i_from, j_from = i - int(down[k]), j - int(right[k])
                if 0 <= i_from < height and 0 <= j_from < width:
                    out[k, i, j] = image[i_from, j_from]
    return out


def by_crops(images, flipped, down, right):
    height, width = images.shape[1:]
    padded = functional.pad(images, (2, 2, 2, 2))
    mirrored = padded.flip(-1)
    cut = []
    for k, (f, d, r) in enumerate(zip(flipped.tolist(), down.tolist(), right.tolist(), strict=True)):
        cut.append((mirrored if f else padded)[k, 2 - d : 2 - d + height, 2 - r : 2 - r + width])
    return torch.stack(cut)


def by_windows(images, flipped, down, right):
    both = functional.pad(torch.stack([images, images.flip(2)]), (2, 2, 2, 2))
    windows = both.unfold(2, images.shape[1], 1).unfold(3, images.shape[2], 1)
    return windows[flipped.long(), torch.arange(len(images)), 2 - down, 2 - right]


def by_products(images, flipped, down, right):
    height, width = images.shape[1:]
    images = images.clone()
    images[flipped] = images[flipped].flip(2)
    rows = torch.stack([torch.eye(height + 4)[2 - d : 2 - d + height, 2:-2] for d in down.tolist()])
    columns = torch.stack([torch.eye(width + 4)[2 - r : 2 - r + width, 2:-2] for r in right.tolist()])
    return rows.to(images.dtype) @ images @ columns.mT.to(images.dtype)
