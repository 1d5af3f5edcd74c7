"""Augmentation, images mirrored and then moved: what leaves comes in again, moves go astray."""

import torch

from tutor.checking import Misconception, code

from .. import moves


def probe_moves(d):
    """A batch, which of its images are mirrored and how far each moves."""
    n, h, w = d.sizes(3, 5, 9)
    flipped = torch.arange(n) % 2 == d.integer(0, 1)
    down, right = torch.from_numpy(d.rng.integers(-2, 3, (2, n)))
    down[:2], right[:2] = torch.tensor([2, -1]), torch.tensor([-2, 1])
    flipped[-1], down[-1], right[-1] = True, 0, 0
    return d.tensor(n, h, w), flipped, down, right


def probe_one_image(d):
    """A single image of bytes, as in the notebook, of three or four pixels in a row."""
    h, w = d.integer(1, 4), d.integer(3, 4)
    image = torch.from_numpy(d.rng.integers(1, 256, (1, h, w)).astype("uint8"))
    down, right = torch.from_numpy(d.rng.integers(-2, 3, (2, 1)))
    return image, torch.tensor([d.seed % 2 == 0]), down, right


def probe_unmoved(d):
    """Images of which none is mirrored or moved."""
    still = torch.zeros(3, dtype=torch.int64)
    return d.tensor(3, *d.sizes(2, 4, 6)), still > 0, still, still.clone()


def moved(flip_and_shift, images, flipped, down, right):
    """The images, and in words whether they lie in memory of their own."""
    given = flip_and_shift(images, flipped, down, right)
    return given, "that of `images`" if torch.as_tensor(given).data_ptr() == images.data_ptr() else "its own"


EXERCISE = code(
    difficulty="hard",
    minutes=14,
    drills=("augmentation",),
    probe=(probe_moves, probe_one_image, probe_unmoved),
    use=moved,
    outputs=("the result", "the memory of the result"),
    misconceptions=(
        Misconception(
            "comes-in-again",
            "What leaves on one side comes in again on the other, as `torch.roll` does. It is to be lost, and 0 comes in.",
            wrap=moves.rolled,
            hints=("What should stand in the uppermost row of an image that moved down by 2?",),
        ),
        Misconception(
            "negative-indices",
            "Above and on the left, pixels from the other side come in; it is to be 0 there, as it is below and on the right. Is an index negative? In Python it then counts from the end.",
            wrap=moves.wrapped_at_one_side,
            hints=("Which pixel is `image[-1]`?",),
        ),
        Misconception(
            "unmoved-wiped",
            "An image that does not move is wiped out, or along one of its sides. A move of 0 lets nothing come in; is `[-0:]` or `[0:]` cleared? Both are everything.",
            wrap=moves.unmoved_wiped,
            hints=("Which rows are `image[-0:]`?",),
        ),
        Misconception(
            "negative-moves-wipe",
            "Where an image moves up or to the left, nearly all of it is wiped out, and what left on one side has come in on the other. `[:-1]` is all but the last: a negative move clears the last rows, and `[-1:]` are those.",
            wrap=moves.negative_wiped,
            hints=("Which rows are `image[:-1]`, and which are new in a picture that moved up by 1?",),
        ),
        Misconception(
            "every-image-with-every-move",
            "Your result has a dimension too many, (N, N, H, W): every image with the moves of every other. Image n is to meet the rows and columns n alone; among index tensors the images need one, too.",
            patch=("padded[number[:, None, None], ", "padded[:, "),
            hints=("Which number of an image belongs to the row n of `rows`?",),
        ),
        Misconception(
            "indices-not-lined-up",
            "Three index tensors are broadcast against each other, and (N,), (N, H) and (N, W) do not fit. Give each its own place: (N, 1, 1), "
            "(N, H, 1) and (N, 1, W).",
            patch=("number[:, None, None], rows[:, :, None], columns[:, None, :]", "number, rows, columns"),
            hints=("Which shape should the three have together?",),
        ),
        Misconception(
            "border-repeated",
            "The border is repeated where the image has moved away. It is to be 0 there.",
            wrap=moves.repeated,
            hints=("What does `functional.pad` fill with, if you do not say anything else?",),
        ),
        Misconception(
            "border-not-counted",
            "Every image lands two rows too low and two columns too far to the right. Behind a border of 2, row 2 is the first row of the image: is the border counted?",
            patch=(("+ 2 - down", "- down"), ("+ 2 - right", "- right")),
            hints=("In which row of an image with a border of 2 does the image itself begin?",),
        ),
        Misconception(
            "condition-not-lined-up",
            "Something of shape (N,), such as `flipped`, is lined up with the width by broadcasting. It has to stand at the images: (N, 1, 1).",
            patch=("flipped[:, None, None]", "flipped"),
            hints=("From which side does broadcasting line up the shapes?",),
        ),
        Misconception(
            "other-way",
            "The images move the other way: up where `down` is positive, and left where `right` is.",
            patch=(("2 - down", "2 + down"), ("2 - right", "2 + right")),
            hints=("Pixel i of the result of a move down by 1: from which row does it come, i + 1 or i - 1?",),
        ),
        Misconception(
            "up-for-down",
            "Right and left are right, but the images move up where they should move down.",
            patch=("2 - down", "2 + down"),
            hints=("Rows are counted from the top. Where does row i of a picture that moved down come from?",),
        ),
        Misconception(
            "left-for-right",
            "Up and down are right, but the images move to the left where they should move to the right.",
            patch=("2 - right", "2 + right"),
            hints=("Where does column j of a picture that moved to the right come from?",),
        ),
        Misconception(
            "down-for-right",
            "`down` and `right` have changed places: rows move by `right` and columns by `down`.",
            patch=(("2 - down", "2 - left_"), ("2 - right", "2 - down"), ("2 - left_", "2 - right")),
            hints=("Does a move down change the row or the column?",),
        ),
        Misconception(
            "upside-down",
            "The chosen images are turned upside down. Left and right are to be exchanged: the last dimension.",
            patch=("images.flip(2)", "images.flip(1)"),
            hints=("Which dimension is the width?",),
        ),
        Misconception(
            "others-flipped",
            "The images where `flipped` is False are mirrored, and the others are not.",
            patch=("images.flip(2), images)", "images, images.flip(2))"),
            hints=("What does `torch.where` take where its condition is True?",),
        ),
        Misconception(
            "all-flipped",
            "Every image is mirrored, whatever `flipped` says.",
            patch=("torch.where(flipped[:, None, None], images.flip(2), images)", "images.flip(2)"),
            hints=("Which images are to be mirrored?",),
        ),
        Misconception(
            "none-flipped",
            "The moves are right, but no image is mirrored.",
            patch=("torch.where(flipped[:, None, None], images.flip(2), images)", "images"),
            hints=("What exchanges left and right?",),
        ),
        Misconception(
            "moved-first",
            "The mirrored images have moved to the other side: to the left where `right` is positive. That is what becomes of images that are moved first and mirrored afterwards. Mirror first.",
            patch=("2 - right[:, None]", "2 - torch.where(flipped, -right, right)[:, None]"),
            hints=("A picture moves to the right and is then mirrored. On which side is it?",),
        ),
        Misconception(
            "all-alike",
            "All images move as the first one does. Each has its own numbers.",
            patch=(
                ("down[:, None]", "down[:1, None].expand(len(down), 1)"),
                ("right[:, None]", "right[:1, None].expand(len(right), 1)"),
            ),
            hints=("How many numbers are in `down`?",),
        ),
        Misconception(
            "not-moved",
            "The right images are mirrored, but none moves.",
            patch=((" - down[:, None]", " - 0 * down[:, None]"), (" - right[:, None]", " - 0 * right[:, None]")),
            hints=("Where do `down` and `right` come in?",),
        ),
    ),
    alternatives=(moves.by_loop, moves.by_crops, moves.by_windows, moves.by_products),
    equivalent_mutants={
        "padded = functional.pad(images, (2, 3, 2, 2))": "more zeros on the right are never looked at",
        "padded = functional.pad(images, (2, 2, 2, 3))": "more zeros below are never looked at",
        "number = torch.arange(flipped.shape[0])": "all of them hold N entries",
        "number = torch.arange(down.shape[0])": "all of them hold N entries",
        "number = torch.arange(right.shape[0])": "all of them hold N entries",
        "number = torch.arange(padded.shape[0])": "all of them hold N entries",
    },
    hints=(
        "With a border of 2 zeros on every side, where does the window begin that shows the image unmoved? And moved down by 1?",
        "Image n of the result is a window of the padded image; its first row is 2 - down[n], its first column 2 - right[n].",
        "`rows = torch.arange(H) + 2 - down[:, None]`, columns likewise, then `padded[n, rows, columns]` with shapes (N, 1, 1), (N, H, 1), (N, 1, W); or a loop over n with slices.",
    ),
)
