"""What is measured of `dress_or_coat`: probabilities of images that no program has seen, whose labels the judge keeps."""

import functools

import torch

from tutor import data
from tutor.checking import Missed, symptoms
from tutor.lessons.unseen import shuffled

DRESS, COAT = 3, 4  # the classes of FashionMNIST that are told apart
LEAST, MOST_LOSS = 0.88, 0.4  # of the images that no program has seen


def chosen(images):
    """The dresses and coats of some images: pixels, shape (N, 196), and labels, 1 for a coat."""
    two_kinds = (images.targets == DRESS) | (images.targets == COAT)
    pixels = images.data[two_kinds].float().view(-1, 14, 2, 14, 2).mean((2, 4)).flatten(1)
    return pixels, (images.targets[two_kinds] == COAT).float()


@functools.lru_cache(4)
def kept(turn=0):
    """100 dresses and 100 coats of the sample's other part, which no program has seen, in an order of each turn."""
    return shuffled(turn, *chosen(data.FashionMNIST(data.sample_folder(), train=False)))


@functools.cache
def test_images():
    """The images of the lesson's `test_x`, shape (300, 196), and their labels."""
    pixels, labels = chosen(data.FashionMNIST(data.sample_folder(), train=True))
    return pixels[900:], labels[900:]


def given(turn):
    """The images that a program's `predict` is asked for; not their labels."""
    return {"kept": kept(turn)[0], "test": test_images()[0]}


def observe(run, given):
    """What `predict` makes of images, and what the training did to `w` and `b`."""
    predict, tensors = run.left["predict"], {name: run.left[name] for name in ("w", "b")}

    @torch.no_grad()
    def asked(pixels):
        return predict(pixels.clone())

    @torch.no_grad()
    def left_alone():
        pixels = given["kept"][:7].clone()
        predict(pixels)
        return torch.equal(pixels, given["kept"][:7])

    return {
        "few": lambda: asked(given["kept"][:7]),
        "one": lambda: asked(given["kept"][:1]),
        "moved": lambda: symptoms.moved(run, tensors),
        "dtypes": lambda: symptoms.dtypes(tensors),
        "met": lambda: symptoms.met(run, given["test"]),
        "of the kept": lambda: asked(given["kept"]),
        "of the test images": lambda: asked(given["test"]),
        "left alone": left_alone,
        "of the dark": lambda: asked(given["kept"][dark(given["kept"])]),
    }


def dark(pixels):
    """Which of some images are darker than half of them."""
    brightness = pixels.mean(1)
    return brightness < brightness.median()


def borrowed(run):
    """Whether the program takes its parts from where they are to be had ready-made."""
    names = symptoms.names_in(run.text)
    taken = next((name for name in ("nn", "optim", "functional") if name in names), None)
    return taken and Missed(
        "borrowed",
        f"The program uses `{taken}`: here the parameters, the loss and the step are yours.",
        "Which line of yours would do the same?",
    )


def shapes(run):
    """Whether what was left has the sizes that were asked for, and `predict` returns probabilities."""
    w, b = run["w"], run["b"]
    if not all(isinstance(t, torch.Tensor) for t in (w, b)) or w.numel() != 196 or b.numel() != 1:
        return Missed(
            "shapes",
            "`w` should be a tensor of 196 numbers, one for each pixel, and `b` a tensor of one.",
            "What is multiplied with what?",
        )
    for name, count, images in (("few", 7, "7 images"), ("one", 1, "a single image, of shape (1, 196),")):
        found = run[name]
        if not isinstance(found, torch.Tensor) or found.shape != (count,):
            of = f"one of shape {tuple(found.shape)}" if isinstance(found, torch.Tensor) else "no tensor"
            return Missed(
                "shapes",
                f"Of {images} `predict` should return a tensor of shape ({count},), a probability for each; it returns {of}.",
                "What is `predict(learn_x[:7]).shape`, and what `predict(learn_x[:1]).shape`?",
            )
    found = run["few"]
    if float(found.min()) < 0 or float(found.max()) > 1:
        return Missed(
            "no-probabilities",
            f"`predict` returns numbers from {found.min():.3g} to {found.max():.3g}: a probability lies between 0 and 1.",
            "Which function turns a score into a probability?",
        )
    return None


def harmless(run):
    """Whether `predict` leaves the images that it is given as they are."""
    if run["left alone"]:
        return None
    return Missed(
        "changes-images",
        "`predict` changes the images that it is given: whoever asks twice gets two answers.",
        "Which of its lines writes into `x` instead of making something new?",
    )


def results(run):
    """Whether images that the program could not see are told apart, with probabilities that can be trusted."""
    (pixels, labels), found = kept(run.turn), run["of the kept"].flatten().double()
    apart = (run["of the dark"].flatten().double() - found[dark(pixels)]).abs()
    if float(apart.max()) > 0.02:
        return Missed(
            "of-the-others",
            f"Given the darker half of the images alone, `predict` says other probabilities of them, by up to {apart.max():.2f}: what it says of an image depends on which others are given along.",
            "What in `predict` is computed from all images that it is given?",
        )
    right = float(((found > 0.5) == (labels > 0.5)).double().mean())
    if right < 0.3:
        return Missed(
            "turned-round",
            f"Of {len(labels)} images that the program could not see, {right:.0%} are right, far fewer than by guessing. Are the two kinds exchanged, in `predict` or in the loss?",
            "Which kind has the label 1?",
        )
    if right < LEAST:
        return symptoms.frozen(run) or Missed(
            "too-few-right",
            f"Of {len(labels)} images that the program could not see, {right:.1%} are right; {LEAST:.0%} are asked for.",
            "Does the loss still fall when the loop ends?",
        )
    of_the_right = torch.where(labels > 0.5, found, 1 - found)
    loss = float(-of_the_right.clamp_min(1e-12).log().mean())
    sure = float(torch.maximum(found, 1 - found).mean())
    if loss > MOST_LOSS and sure < right:
        return Missed(
            "not-learned-enough",
            f"{right:.0%} of the images that the program could not see are right, and its probabilities are no surer than {sure:.0%} on average: the loss on these images is {loss:.3g}, where {MOST_LOSS} is asked for.",
            "Does the loss still fall when the loop ends?",
        )
    if loss > MOST_LOSS and bool(((found == 0) | (found == 1)).all()):
        return Missed(
            "rounded",
            f"{right:.0%} of the images that the program could not see are right, and `predict` says of every one 0 or 1: so each mistake was made with all certainty. A probability of 0.7 says how sure it is.",
            "What does the last line of `predict` do to the probabilities?",
        )
    if loss > MOST_LOSS:
        return Missed(
            "too-sure",
            f"{right:.0%} of the images that the program could not see are right, and the probabilities are not to be trusted: the loss on them is {loss:.3g}, where {MOST_LOSS} is asked for. Does `predict` prepare the pixels otherwise than the training did, or have the weights grown too large?",
            "What is done to the pixels in training, and what in `predict`?",
        )
    return None


def stated(run):
    """Whether the accuracy that the program states is that of what it left."""
    right = float(((run["of the test images"].flatten() > 0.5) == (test_images()[1] > 0.5)).double().mean())
    if abs(float(run["accuracy"]) - right) > 0.0005:
        return Missed(
            "another-accuracy",
            f"`accuracy` is {float(run['accuracy']):.4g}; of the test images `predict` gets {right:.4g} right, as a share.",
            "Of which images is your `accuracy` the share, and of how many?",
        )
    return None
