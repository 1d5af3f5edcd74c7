"""What goes wrong in programs that train: what is measured where one ran, and what a judge says of it.

`moved`, `met`, `dtypes` and `in_training` measure, for an `observe=`, what was left, and return plain data. The others
are asked by a judge in an order of its own, first what explains most; each returns a `Missed` or None. Each sentence
tells what was measured; where several causes lead there it offers them.
"""

from __future__ import annotations

import ast
import copy
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tutor.checking.fault import Fault
from tutor.checking.observed import Observed
from tutor.checking.running import Run, Training
from tutor.checking.spec import Missed

LEAST_LOOKED = 3  # backward passes from which on "never" is said
ALIKE = 0.99999  # the cosine from which on two rows are one
SHARE = 0.1  # of the rows that must not be trained on, how many tell


def diverged(run: Observed) -> Missed | None:
    """Whether a loss was NaN or infinite, and where the first such came from."""
    at = next((k for k, loss in enumerate(run.losses) if not math.isfinite(loss)), None)
    if at is None:
        return None
    word = "NaN" if math.isnan(run.losses[at]) else "infinite"
    head = f"The loss of backward pass {at + 1} is {word}: "
    before = f", after a loss of {run.losses[at - 1]:.4g}" if at else ""
    if at > 1 and run.losses[at - 1] > 10 * run.losses[0]:
        grown = f"the losses had grown from {run.losses[0]:.4g} to {run.losses[at - 1]:.4g} by then"
        return Missed(
            "diverged", f"{head}{grown}: the steps are too large.", "How long is a step, beside what it has to cross?"
        )
    if run.recorder.origin != "parameters":
        return Missed(
            "diverged", f"{head}{run.recorder.origin}.", "Which of its inputs has to be kept away from there?"
        )
    told = "parameters were no finite numbers any more when it was computed"
    causes = "Two causes lead there: steps that are too large, or a gradient that was NaN itself."
    return Missed("diverged", f"{head}{told}{before}. {causes}", "Do the losses before it grow? Print the first ten.")


def untrained(run: Observed) -> Missed | None:
    """Whether there was no backward pass at all."""
    if run.backwards:
        return None
    return Missed(
        "untrained", "No backward pass was made, so nothing was learned.", "What computes the gradients, and of what?"
    )


def unasked(error: Fault, training: Training, names: Sequence[str]) -> str:
    """That tensors, by name, ask for no gradient, where torch complains that none does; else ""."""
    if "does not require grad" not in error.text or not names:
        return ""
    told = f"\n{named(names)} {'asks' if len(names) == 1 else 'ask'} for no gradient"
    if not training.backwards:
        return f"{told}."
    return f"{told}; a new tensor that takes the name of a parameter, as in `w = w - …` under `no_grad`, asks for none."


def moved(run: Run, tensors: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """The names of tensors that are what they were before the first backward pass, and of those that none reached."""
    still, unreached = [], []
    known = {leaf.data_ptr(): first for leaf, first in run.recorder.first.values()}
    own = {tensor.data_ptr() for tensor in tensors.values()}
    for name, tensor in tensors.items():
        alike = [known[at] for at in known if at not in own and known[at].shape == tensor.shape]
        # a program may bind a new tensor at every step; the first of its shape is then what it began with
        first = known.get(tensor.data_ptr(), next(iter(alike), None))
        if first is None:
            unreached.append(name)
        elif first.shape == tensor.shape and bool((first == tensor.detach()).all()):
            still.append(name)
    return still, unreached


def unmoved(run: Observed, found: tuple[list[str], list[str]]) -> Missed | None:
    """Whether parameters are where they were before the first backward pass, as `moved` has found."""
    still, unreached = found
    if not still and not (unreached and run.backwards):
        return None
    told = []
    if still:
        are = "is what it was" if len(still) == 1 else "are what they were"
        told.append(f"{named(still)} {are} before the first backward pass")
    if unreached:
        told.append(f"no backward pass that was looked at reached {named(unreached)}")
    losses = [loss for loss in run.losses if math.isfinite(loss)]
    course = f"The loss went from {losses[0]:.4g} to {losses[-1]:.4g}. " if losses else ""
    hint = (
        "Is it among the parameters that are stepped, and is the step made in place, on the very tensor that is used?"
    )
    return Missed("unmoved", f"{course}{'; '.join(told)[0].upper()}{'; '.join(told)[1:]}.", hint)


def frozen(run: Observed) -> Missed | None:
    """Whether the loss stood still to its last digit for a third of the backward passes and more."""
    losses, since = run.losses, len(run.losses)
    while since and losses[since - 1] == losses[-1]:
        since -= 1
    if len(losses) < 3 * LEAST_LOOKED or len(losses) - since < max(LEAST_LOOKED, len(losses) / 3):
        return None
    return Missed(
        "frozen",
        f"The loss has been {losses[-1]:.4g} to its last digit since backward pass {since + 1} of {len(losses)}: no "
        "step changes it any more. The slope is 0 where a sigmoid or a softmax is rounded to 0 or 1, where a ReLU lets "
        "nothing through, and in what a `clamp` cuts off.",
        "How large are the scores, and what is the slope of that which follows, at such numbers?",
    )


def uncleared(run: Observed) -> Missed | None:
    """Whether every backward pass added to gradients that were there already."""
    watched, stale = run.recorder.watched, run.recorder.stale
    if watched < LEAST_LOOKED or stale < watched:
        return None
    return Missed(
        "uncleared",
        f"Of {run.backwards} backward passes {watched} were looked at, and each of these added to gradients of the "
        "pass before: they were never cleared, so every step goes along the sum of all gradients so far.",
        "What does `backward` do where a parameter has a gradient already?",
    )


def softmax_twice(run: Observed) -> Missed | None:
    """Whether the cross-entropy was given probabilities where it takes scores."""
    if not run.recorder.softmax_twice:
        return None
    return Missed(
        "softmax-twice",
        "A softmax was taken of what is one already: `cross_entropy` takes the scores and does the softmax "
        "itself. Of probabilities, which lie between 0 and 1, its loss can never come near 0.",
        "What does `cross_entropy` expect: scores, probabilities or their logarithms?",
    )


def met(run: Run, rows: Any) -> tuple[int, int]:
    """How many of some rows were in batches of the backward passes, scaled as a whole or not, and how many there are.

    `rows` has shape (N, D), or more dimensions behind the first, which are flattened.
    """
    import torch

    wanted = _directions(rows.flatten(1).double())
    seen = torch.zeros(len(wanted), dtype=torch.bool)
    for batch in run.recorder.batches:
        if batch.shape[1] == wanted.shape[1] and batch.shape[1] > 2:
            seen |= (wanted @ _directions(batch.double()).T > ALIKE).any(1)
    return int(seen.sum()), len(seen)


def trained_on(found: tuple[int, int], name: str = "the test set") -> Missed | None:
    """Whether rows that must not be trained on were, as `met` has found.

    A small share of them tells: the batches of the first passes, which are looked at, may hold but a part of what is
    trained on, and no program meets one of them by chance.
    """
    count, of = found
    if not of or count < SHARE * of:
        return None
    return Missed(
        "trained-on",
        f"Of the {of} rows of {name} {count} were in the batches that were looked at, the first of the training: what "
        "has been trained on tells nothing about new data.",
        f"Which of your loops runs over {name}, and what does it do there?",
    )


def _directions(rows: Any) -> Any:
    centred = rows - rows.mean(1, keepdim=True)
    return centred / centred.norm(dim=1, keepdim=True).clamp_min(1e-12)


def dtypes(tensors: Mapping[str, Any]) -> dict[str, str]:
    """The dtypes of tensors, by name, in words."""
    return {name: str(tensor.dtype) for name, tensor in tensors.items()}


def float64(found: Mapping[str, str]) -> Missed | None:
    """Whether numbers of 64 bits crept in, as `dtypes` has found."""
    wide = [name for name, dtype in found.items() if dtype == "torch.float64"]
    if not wide:
        return None
    return Missed(
        "float64",
        f"{named(wide)} {'has' if len(wide) == 1 else 'have'} the dtype float64: twice the memory, and it does not go "
        "together with float32. NumPy's arrays bring it in, and so does `dtype=torch.float64`.",
        "Which of your tensors is made from a NumPy array?",
    )


def in_training(model: Any, inputs: Any = None) -> bool:
    """Whether a module was left in training mode, where dropout and batch statistics are on.

    Where `inputs` are given, that counts only if the module makes something else of them in evaluation mode.
    """
    if not any(module.training for module in model.modules()):
        return False
    if inputs is None:
        return True
    import torch

    with torch.no_grad():
        now, then = copy.deepcopy(model), copy.deepcopy(model).eval()
        return not torch.equal(now(inputs.clone()), then(inputs.clone()))


def left_training(found: bool) -> Missed | None:
    """Whether a module was left in training mode, as `in_training` has found."""
    if not found:
        return None
    return Missed(
        "training-mode",
        "The model was left in training mode: dropout still drops, and batch norm still follows the batch.",
        "Which method puts a module, and all within it, into the mode in which it is used?",
    )


def unlike_training(
    run: Observed, accuracy: Callable[[], float], chance: float, loss: float, name: str = "`predict`"
) -> Missed | None:
    """Whether what was left is at chance on the very data on which the loss fell.

    Parameters
    ----------
    accuracy : computes, on the data that was trained on, the share of right predictions of what was left.
    chance : the share that guessing gets.
    loss : a loss that cannot be reached without most predictions being right.
    """
    last = run.losses[-1] if run.losses else math.inf
    if last > loss or (found := accuracy()) > chance + 0.25 * (1 - chance):
        return None
    return Missed(
        "unlike-training",
        f"The loss fell to {last:.3g}, for which most of the training data have to be right; yet {name} gets "
        f"{found:.0%} of these very data right, where guessing gets {chance:.0%}. Two causes lead there: it prepares "
        "its input otherwise than the training did, or the loss was computed with other labels.",
        "What is done to the input before the first layer: in training, and here?",
    )


def names_in(text: str) -> set[str]:
    """The names in a program's text: those that it reads or binds, attributes, and all parts of imported ones."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.alias):
            found |= set(node.name.split("."))
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= set(node.module.split("."))
    return found


def slowest(run_lines: Mapping[int, int], text: Mapping[int, str]) -> str:
    """In which line most of the time went, as a sentence; "" where nothing was sampled."""
    total = sum(run_lines.values())
    if not total:
        return ""
    line, count = max(run_lines.items(), key=lambda item: item[1])
    return f"{count / total:.0%} of the time went into line {line} of the cell:\n    {text.get(line, '').strip()}"


def named(names: Sequence[str], word: str = "and") -> str:
    """Names in a sentence."""
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} {word} {quoted[-1]}"
