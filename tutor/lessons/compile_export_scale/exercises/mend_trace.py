"""A branch that `torch.jit.trace` records as it went for one image; and a mean of exactly 0.5."""

import io
import warnings

import torch
from torch import nn

from tutor.checking import Misconception, repair


def image_of(d, mean, height, width):
    """An image that has this mean once it is stretched to the range 0 to 1."""
    image = torch.from_numpy(d.rng.permutation(torch.linspace(0, 1, height * width).numpy()).reshape(height, width))
    power = torch.linspace(0.02, 8, 800)
    nearest = ((image[None] ** power[:, None, None]).mean(dim=(1, 2)) - mean).abs().argmin()
    return d.number(0.5, 2.0) * image ** power[nearest] + d.number(0.1, 1.0)


def halved(d, height, width):
    """An image of few brightnesses, whose mean is 0.5 to the last digit once it is stretched."""
    stretched = [0, 0, 0, 0.75, 0.75, 0.75, 0.75, 1]
    pixels = d.rng.permutation(stretched * (height * width // 8)).reshape(height, width)
    return torch.from_numpy(0.25 + 0.5 * pixels).float()


def probe(d):
    """An image to record with, on a black ground or a white one, and others of other sizes, some near the limit."""
    means = (0.3, 0.7)[d.seed % 2], 0.25, 0.75, 0.45, 0.55
    sizes = zip(d.sizes(5, 4, 9), d.sizes(5, 4, 9), strict=True)
    return *(image_of(d, mean, *size) for mean, size in zip(means, sizes, strict=True)), halved(d, 4, 8)


def run_elsewhere(answer, example, *images):
    """What kind of thing was returned, and what it makes of some images, saved and loaded where it can be."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = answer(example)
        is_program = isinstance(program, torch.jit.ScriptFunction | torch.jit.ScriptModule)
        if is_program:
            file = io.BytesIO()
            torch.jit.save(program, file)
            file.seek(0)
            program = torch.jit.load(file)
        kind = "a program of torch.jit" if is_program else "a function of Python, which only Python can run"
        return kind, *(program(image.clone()) for image in images)


def by_script(example):
    def on_black(image):
        low, high = image.min(), image.max()
        image = (image - low) / (high - low)
        if image.mean() > 0.5:
            return 1 - image
        return image

    return torch.jit.script(on_black)


def by_distance(example):
    def on_black(image):
        image = (image - image.min()) / (image.max() - image.min())
        return (image.mean().gt(0.5).to(image.dtype) - image).abs()

    return torch.jit.trace(on_black, example)


def turned(image):
    if bool(image.mean() > 0.5):
        image = 1.0 - image
    return image


def by_script_within_a_trace(example):
    decide = torch.jit.script(turned)
    return torch.jit.trace(lambda image: decide((image - image.min()) / (image - image.min()).max()), example)


class OnBlack(nn.Module):
    def forward(self, image):
        image = image.sub(image.min())
        image = image.div(image.max())
        both = torch.stack([image, 1 - image])
        return both[(image.mean() > 0.5).long()]


def by_module(example):
    return torch.jit.trace(OnBlack().eval(), (torch.rand(3, 5, dtype=example.dtype),))


WHERE = "torch.where(image.mean() > 0.5, 1 - image, image)"
BRANCH = (
    f"        return {WHERE}",
    "        if image.mean() > 0.5:\n            image = 1 - image\n        return image",
)
TRACED = "torch.jit.trace(on_black, example)"

EXERCISE = repair(
    difficulty="medium",
    minutes=6,
    drills=("trace-control-flow", "script"),
    fault="The program still does to every image what it did to the one that it was recorded with: Python decided, "
    "once, and the recording "
    "holds what followed. To silence the warning, or to decide by `.item()`, changes nothing in that.",
    shown_by=("ckkelvinchan/RealBasicVSR#70",),
    probe=probe,
    use=run_elsewhere,
    outputs=(
        "what is returned",
        "a dark image",
        "a bright image",
        "an image just below 0.5",
        "an image just above 0.5",
        "an image of exactly 0.5",
    ),
    seconds=30.0,
    misconceptions=(
        Misconception(
            "another-example",
            "All images are still treated alike, and now in the way in which the example should not be. Was the recording made with another image that takes the other branch, or is the condition turned round?",
            patch=(BRANCH, (TRACED, "torch.jit.trace(on_black, example.max() - example)")),
            hints=("Which example would take both branches?",),
        ),
        Misconception(
            "not-recorded",
            "The decision is right, and what you return is no program of `torch.jit`: it cannot be saved by "
            "`torch.jit.save` and run without "
            "your code. A function of Python is none, whatever it calls.",
            patch=(TRACED, "on_black"),
            hints=("Could what you return be saved into a file and run without your code?",),
        ),
        Misconception(
            "measured-too-early",
            "The mean is taken of the image as it came, before it was stretched to the range 0 to 1. What counts is how bright the stretched image is.",
            patch=(
                ("    def on_black(image):\n", "    def on_black(image):\n        raw = image\n"),
                ("image.mean() > 0.5", "raw.mean() > 0.5"),
            ),
            hints=("Which image is compared with 0.5?",),
        ),
        Misconception(
            "a-number-recorded",
            "Every image is divided by the largest pixel of the example: a number of Python, as `.item()` gives it, is recorded as it was. It has to stay a tensor.",
            patch=("image / image.max()", "image / image.max().item()"),
            hints=("What of the example stands in the recording as a number?",),
        ),
        Misconception(
            "pixel-by-pixel",
            "Every pixel is decided by itself, so that no pixel is brighter than 0.5 and the images are lost. The mean "
            "decides for the whole image.",
            patch=("image.mean() > 0.5", "image > 0.5"),
            hints=("How many decisions does an image ask for?",),
        ),
        Misconception(
            "turned-the-wrong-way",
            "The choice is upside down: dark images are turned round, and bright ones stay as they are.",
            patch=("1 - image, image)", "image, 1 - image)"),
            hints=("Which of its two results does `torch.where` take where the condition is true?",),
        ),
        Misconception(
            "turned-at-one-half",
            "An image whose mean is exactly 0.5 is turned round. Only those above 0.5 are.",
            patch=("> 0.5", ">= 0.5"),
            hints=("Which of your comparisons decides about an image whose mean is 0.5?",),
        ),
        Misconception(
            "always-turned",
            "All images are turned round, the dark ones too. So it is where nothing chooses, and where the program was "
            "recorded with a bright "
            "image of its own.",
            patch=(WHERE, "1 - image"),
            hints=("What should become of an image whose mean is 0.3?",),
        ),
        Misconception(
            "never-turned",
            "No image is turned round. So it is where nothing chooses, and where the program was recorded with a dark "
            "image of its own.",
            patch=(WHERE, "image"),
            hints=("What should become of an image whose mean is 0.7?",),
        ),
    ),
    alternatives=(by_script, by_distance, by_script_within_a_trace, by_module),
    hints=(
        "Who decides in your program, and when?",
        "Let both results be computed, and let an operation choose between them; or have the text translated, as in "
        "section 3.",
        "`return torch.where(image.mean() > 0.5, 1 - image, image)`",
    ),
)
