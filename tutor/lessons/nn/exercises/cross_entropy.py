"""The cross-entropy of logits: overflow, the logarithm of 0, the wrong axis; its probes stand in `losses.py`."""

import torch
from torch.nn import functional

from tutor.checking import FiniteDifference, Misconception, code
from tutor.checking.evidence import seen

from ..losses import FAR_FROM_ZERO, probe_scores, use_cross_entropy

AS_THEY_CAME = ("z = logits - logits.amax(dim=1, keepdim=True)", "z = logits")
LOG_P = "z - z.exp().sum(dim=1, keepdim=True).log()"
ONE_HOT = "torch.nn.functional.one_hot(y, logits.shape[1])"
QUOTIENT = "z.exp() / z.exp().sum(dim=1, keepdim=True)"
PICKED = "[torch.arange(len(y)), y]"
IN_FLOAT32 = "What is `torch.tensor(100.0).exp()` in float32?"


def overflows(name, *patch):
    message = "Right for small logits, but for large ones the loss is infinite or not a number: in float32 the exponential of 100 overflows, and that of -200 is 0. Subtract the largest logit of each row before you take `exp`."
    return Misconception(name, message, patch=(AS_THEY_CAME, *patch), hints=(IN_FLOAT32,))


def finished_softmax(name, *patch):
    message = "Right for small logits, but where one logit of a row lies far below another the loss or its gradient is infinite or not a number. Is a softmax finished first, whose small probability is rounded to 0, or does an `exp` overflow, because not the largest logit was subtracted? `log p` is `z` minus the logarithm of the sum."
    hint = "What is `log(exp(z) / s)`, written without the quotient?"
    return Misconception(name, message, patch=patch, hints=(hint,))


def not_the_largest(name, taken, **cause):
    message = "Right for small logits and for rows that are moved up or down as a whole, but where the logits of one row lie far apart the loss is infinite or not a number. Does an `exp` overflow, because not the *largest* logit of the row was subtracted, or is the logarithm taken of a probability that is rounded to 0?"
    hint = "After which subtraction is no entry of a row above 0?"
    return Misconception(name, message, patch=("amax", taken), **cause, hints=(hint,))


def entropy_by_gather(logits, y):
    largest = logits.detach().max(dim=1).values
    sums = (logits - largest.unsqueeze(1)).exp().sum(dim=1)
    return (largest + sums.log() - logits.gather(1, y.unsqueeze(1)).squeeze(1)).mean()


def entropy_by_onehot(logits, y):
    shifted = logits - logits.max(1, keepdim=True).values
    picked = (functional.one_hot(y, logits.shape[1]) * shifted).sum(1)
    return (shifted.exp().sum(1).log() - picked).sum() / logits.size(0)


def entropy_by_loop(logits, y):
    total = 0
    for row, target in zip(logits, y, strict=True):
        largest = torch.max(row)
        total = total + largest + torch.log(torch.sum(torch.exp(row - largest))) - row[target]
    return total / len(logits)


def entropy_by_mask(logits, y):
    margins = logits - logits[torch.arange(len(y)), y][:, None]
    largest = margins.detach().amax(1)
    return ((margins - largest[:, None]).exp().sum(1).log() + largest).mean()


EXERCISE = code(
    difficulty="hard",
    minutes=12,
    drills=("cross-entropy", "softmax"),
    probe=(probe_scores, *FAR_FROM_ZERO),
    use=use_cross_entropy,
    outputs=("loss", "grad_logits", "done by hand"),
    gradients={"grad_logits": FiniteDifference(lambda logits, y: float(functional.cross_entropy(logits, y)), wrt=0)},
    misconceptions=(
        Misconception(
            "only-more-digits",
            "Right for logits of some hundreds, but for those near 1000 the loss is infinite or not a number. Subtract the largest logit of each row first; then no exponent is above 0, however large the logits are.",
            patch=("logits - logits.amax(dim=1, keepdim=True)", "logits.double()"),
            cause="float64 only moves the border: its exponentials overflow beyond 709 and are 0 below -745.",
            evidence=seen("_.double(...)", "_.to(torch.float64)", "_.to(torch.double)", "_.type(torch.float64)"),
            other=("z = logits - ", "z = logits - 0.9 * "),
            hints=("What is `math.exp(1000)`?",),
        ),
        overflows("exponentials-overflow"),
        overflows("softmax-as-it-stands", (LOG_P, f"({QUOTIENT}).log()")),
        not_the_largest(
            "smallest-for-largest",
            "amin",
            cause="Your text takes the smallest.",
            evidence=seen("_.amin(...)", "_.min(...)"),
            other=("-log_p[torch.arange(len(y)), y].mean()", f"-({ONE_HOT} * log_p.exp().log()).sum(dim=1).mean()"),
        ),
        not_the_largest("mean-for-largest", "mean"),
        Misconception(
            "keepdim-missing",
            "A tensor of shape (N,) meets one of shape (N, C), and the two do not broadcast. Is the largest logit or the sum of each row taken without `keepdim=True`? That keeps it a column, (N, 1).",
            patch=("amax(dim=1, keepdim=True)", "amax(dim=1)"),
            hints=("Which shape does a maximum or a sum over `dim=1` have without `keepdim`?",),
        ),
        finished_softmax("log-of-softmax", (LOG_P, f"({QUOTIENT}).log()")),
        finished_softmax("log-of-the-right-probability", (LOG_P, QUOTIENT), ("y].mean()", "y].log().mean()")),
        Misconception(
            "logarithm-kept-from-zero",
            "Right for usual logits, but where the right class is very unlikely the loss stops growing, and no gradient comes from such a row: the worst rows teach nothing. Is a small number added inside the logarithm, or something clamped? `log p`, written as `z` minus the logarithm of the sum, needs no such guard.",
            patch=(LOG_P, f"({QUOTIENT} + 1e-9).log()"),
            hints=("What is `log(p + 1e-9)` for p = 1e-20, and what should `log p` be?",),
        ),
        Misconception(
            "logarithm-kept-from-zero-and-overflow",
            "Right for small logits, but for large ones the loss is infinite or not a number: in float32 the exponential of 100 overflows. Subtract the largest logit of each row before you take `exp`. (And where the right class is very unlikely, the loss stops growing: `log p` as in the formula needs no guard against 0.)",
            patch=(AS_THEY_CAME, (LOG_P, f"({QUOTIENT} + 1e-9).log()")),
            hints=(IN_FLOAT32,),
        ),
        Misconception(
            "softmax-over-the-batch",
            "The softmax is taken over the batch: its probabilities add up to 1 in each column. Every row is an example of its own: sum over the classes.",
            patch=("dim=1", "dim=0"),
            hints=("Which numbers have to add up to 1: those of a row or those of a column?",),
        ),
        Misconception(
            "summed-over-the-batch",
            "The largest logit is that of each row, but the exponentials are added up over the batch. Every row is an example of its own: sum over its classes.",
            patch=("sum(dim=1", "sum(dim=0"),
            hints=("Which numbers have to add up to 1: those of a row or those of a column?",),
        ),
        Misconception(
            "summed-over-everything",
            "All rows share one sum, that of the exponentials of the whole batch. Every row is an example of its own, with a sum of its own.",
            patch=("sum(dim=1, keepdim=True)", "sum()"),
            hints=("How many sums are there for N rows?",),
        ),
        Misconception(
            "logarithm-of-the-sum-missing",
            "What is subtracted is the sum of the exponentials itself. What stands in the formula is its *logarithm*.",
            patch=(".sum(dim=1, keepdim=True).log()", ".sum(dim=1, keepdim=True)"),
            hints=("What is the logarithm of a quotient?",),
        ),
        Misconception(
            "largest-kept-in-the-sum",
            "The loss is off by the largest logit of each row: it has been subtracted in front, and not from the logits in the sum (or it was given back there). Both have to be the same: `z` in both places.",
            patch=("log_p = z - z.exp()", "log_p = z - logits.exp()"),
            hints=("In which of the two terms has the largest logit been subtracted?",),
        ),
        Misconception(
            "logarithm-of-the-sum-added",
            "The logarithm of the sum comes in with the wrong sign. The logarithm of a quotient is a difference: it is subtracted.",
            patch=("log_p = z - z.exp()", "log_p = z + z.exp()"),
            hints=("What is the logarithm of a quotient?",),
        ),
        Misconception(
            "pair-for-the-largest",
            "`max` with a dim gives a pair, the largest values and where they stand, and a pair cannot be subtracted. Take `amax`, or the first of the pair.",
            patch=("logits.amax(dim=1, keepdim=True)", "logits.max(dim=1, keepdim=True)"),
            hints=("What does `logits.max(dim=1)` print?",),
        ),
        Misconception(
            "largest-left-out-once",
            "The loss is off by the largest logit of each row: it has been subtracted from the logits in the sum, and from nothing else. Take `z` in both places, or add the largest to the logarithm again.",
            patch=("log_p = z - z.exp()", "log_p = logits - z.exp()"),
            hints=("In which of the two terms has the largest logit been subtracted?",),
        ),
        Misconception(
            "most-probable-class",
            "The largest log-probability of each row is averaged: that of the class which the model holds for the most likely. What counts is the *right* class, y[i].",
            patch=("log_p[torch.arange(len(y)), y]", "log_p.amax(dim=1)"),
            hints=("Where does your loss look at y?",),
        ),
        Misconception(
            "every-row-with-every-target",
            "From every row the columns of *all* targets are averaged. Row i needs only its own, y[i].",
            patch=(PICKED, "[:, y]"),
            cause="`[:, y]` takes all of them from every row.",
            evidence=seen("_[:, y]"),
            other=(PICKED, ".index_select(1, y)"),
            hints=("What shape does `log_p[:, y]` have?",),
        ),
        Misconception(
            "rows-for-classes",
            "`y` picks whole *rows* here, those with the numbers in y. From row i you need the one entry in column y[i].",
            patch=(PICKED, "[y]"),
            hints=("What do the class numbers in y count: rows or columns?",),
        ),
        Misconception(
            "largest-of-all-rows",
            "Right unless the rows lie far apart: the exponentials of a row far below the others are all 0, and the logarithm of their sum is minus infinity. Is the largest logit of the whole batch subtracted? Every row needs its own.",
            patch=("logits.amax(dim=1, keepdim=True)", "logits.max()"),
            hints=("What is left of a row whose logits all lie 500 below the largest of another row?",),
        ),
        Misconception(
            "softmax-twice",
            "The logits go through a softmax twice. What comes in are raw scores, and the formula applies the softmax to them once.",
            patch=("z = logits - ", "logits = logits.softmax(dim=1)\n    z = logits - "),
            hints=("What are logits: scores or probabilities?",),
        ),
        Misconception(
            "all-classes",
            "The average runs over all classes. Only the log-probability of the right class of each row counts.",
            patch=(PICKED, ""),
            hints=("How many numbers of each row enter the loss?",),
        ),
        Misconception(
            "mse-on-log-softmax",
            "That is the mean squared error between log-probabilities and one-hot targets. A log-probability can never be 1, and 0 means certain: such a loss teaches the model to stay undecided.",
            patch=(f"-log_p{PICKED}.mean()", "((log_p - torch.nn.functional.one_hot(y, logits.shape[1])) ** 2).mean()"),
            hints=("Which number should the log-probability of the right class come close to?",),
        ),
        Misconception(
            "sum-for-mean",
            "The loss is the sum over the batch. The cross-entropy is the mean over the rows.",
            patch=(".mean()", ".sum()"),
            hints=("Should the loss of twice as many rows be twice as large?",),
        ),
        Misconception(
            "sign-missing",
            "The sign is turned: a log-probability is never above 0, so the loss is *minus* its mean.",
            patch=("return -", "return "),
            hints=("Can a loss be negative?",),
        ),
        Misconception(
            "logarithm-missing",
            "What is averaged are the probabilities themselves. Cross-entropy is made of their logarithms.",
            patch=("return -log_p[", "return -log_p.exp()["),
            hints=("What stands in front of p in the formula?",),
        ),
        Misconception(
            "cut-from-the-graph",
            "The number is right, but it is not a tensor that autograd can follow back to the logits (`item()`, `float()`, `detach()`, `no_grad` and NumPy cut it off). Return the tensor.",
            patch=(".mean()", ".mean().item()"),
            hints=("Could you call `backward()` on what you return?",),
        ),
        Misconception(
            "library-loss",
            "It is right, but torch's own function does the work (`log_softmax`, `logsumexp` or the loss itself). Here you build it from exp, log, sum and max: that is where the overflow is kept out.",
            patch=("-log_p[torch.arange(len(y)), y].mean()", "torch.nn.functional.cross_entropy(logits, y)"),
            hints=("How would `nn.CrossEntropyLoss` itself do it?",),
        ),
    ),
    alternatives=(entropy_by_gather, entropy_by_onehot, entropy_by_loop, entropy_by_mask),
    equivalent_mutants={
        f"return -log_p[torch.arange(len({name})), y].mean()": "it has as many rows as y"
        for name in ("logits", "z", "log_p")
    },
    hints=(
        "What is the logarithm of a quotient of exponentials?",
        "Subtract the largest logit of each row, then `log p` is `z` minus the log of the sum of the exponentials.",
        "`log_p = z - z.exp().sum(dim=1, keepdim=True).log()`, then `return -log_p[torch.arange(len(y)), y].mean()`.",
    ),
)
