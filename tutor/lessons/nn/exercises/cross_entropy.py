"""The cross-entropy of logits: overflow, the logarithm of 0, the wrong axis; its probes stand in `losses.py`."""

import torch
from torch.nn import functional

from tutor.checking import FiniteDifference, Misconception, code
from tutor.lessons.training_steps import plain

from ..losses import FAR_FROM_ZERO, agrees, is_bounded, node_names, probe_scores
from ..shared import fits, gradient


def use_cross_entropy(cross_entropy, logits, y):
    """The loss, its gradient, and who did the work; both count as nan where the loss is not finite."""
    logits = logits.clone().requires_grad_()
    loss = cross_entropy(logits, y)
    if not fits(loss, ()) or not loss.requires_grad:
        return plain(loss), "none: the loss is not a scalar tensor that hangs on the logits", "by hand"
    right, ready_made = agrees(loss, logits, y), {"LogSoftmaxBackward0", "NllLossBackward0", "LogsumexpBackward0"}
    # where the loss is wrong, what is wrong with it has to be told
    work = "by the library" if right and ready_made & node_names(loss.grad_fn) else "by hand"
    if not loss.isfinite():
        return torch.nan, torch.full_like(logits, torch.nan).detach(), work
    loss.backward()
    bounded = not right and is_bounded(cross_entropy, loss, logits.detach(), y)
    return "held down by a bound" if bounded else plain(loss), gradient(logits), work


AS_THEY_CAME = ("z = logits - logits.amax(dim=1, keepdim=True)", "z = logits")
LOG_P = "z - z.exp().sum(dim=1, keepdim=True).log()"
QUOTIENT = "z.exp() / z.exp().sum(dim=1, keepdim=True)"
PICKED = "[torch.arange(len(y)), y]"
IN_FLOAT32 = "What is `torch.tensor(100.0).exp()` in float32?"


def overflows(name, *patch):
    message = "Right for small logits, but for large ones the loss is infinite or not a number: in float32 the exponential of 100 overflows, and that of -200 is 0. Subtract the largest logit of each row before you take `exp`."
    return Misconception(name, message, patch=(AS_THEY_CAME, *patch), hints=(IN_FLOAT32,))


def finished_softmax(name, *patch):
    message = "Right for small logits, but where one logit lies far below another its probability is rounded to 0, and the logarithm of 0 is minus infinity. Do not finish the softmax: `log p` is `z` minus the logarithm of the sum."
    hint = "What is `log(exp(z) / s)`, written without the quotient?"
    return Misconception(name, message, patch=patch, hints=(hint,))


def not_the_largest(name, other):
    message = "Right for small logits, but for large ones the loss is infinite or not a number: after your subtraction there are still entries far above 0, and their exponentials overflow. Subtract the *largest* logit of each row."
    hint = "After which subtraction is no entry of a row above 0?"
    return Misconception(name, message, patch=("amax", other), hints=(hint,))


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
            "float64 only moves the border: its exponentials overflow beyond 709 and are 0 below -745. Subtract the largest logit of each row first; then no exponent is above 0.",
            patch=("logits - logits.amax(dim=1, keepdim=True)", "logits.double()"),
            hints=("What is `math.exp(1000)`?",),
        ),
        overflows("exponentials-overflow"),
        overflows("softmax-as-it-stands", (LOG_P, f"({QUOTIENT}).log()")),
        not_the_largest("smallest-for-largest", "amin"),
        not_the_largest("mean-for-largest", "mean"),
        Misconception(
            "keepdim-missing",
            "The largest logit or the sum of each row has the shape (N,), and that does not broadcast against (N, C). `keepdim=True` keeps it a column, (N, 1).",
            patch=("amax(dim=1, keepdim=True)", "amax(dim=1)"),
            hints=("Which shape does a maximum or a sum over `dim=1` have without `keepdim`?",),
        ),
        finished_softmax("log-of-softmax", (LOG_P, f"({QUOTIENT}).log()")),
        finished_softmax("log-of-the-right-probability", (LOG_P, QUOTIENT), ("y].mean()", "y].log().mean()")),
        Misconception(
            "logarithm-kept-from-zero",
            "Right for usual logits, but where the right class is very unlikely your loss stops growing, and no gradient comes from such a row: the worst rows teach nothing. (A small number added inside the logarithm does that, and so does a `clamp`.) Do not finish the softmax: `log p` is `z` minus the logarithm of the sum.",
            patch=(LOG_P, f"({QUOTIENT} + 1e-9).log()"),
            hints=("What is `log(p + 1e-9)` for p = 1e-20, and what should `log p` be?",),
        ),
        Misconception(
            "logarithm-kept-from-zero-and-overflow",
            "Right for small logits, but for large ones the loss is not a number: in float32 the exponential of 100 overflows. Subtract the largest logit of each row before you take `exp`. (And where the right class is very unlikely, your loss stops growing: do not keep the logarithm from 0, write it out as in the formula.)",
            patch=(AS_THEY_CAME, (LOG_P, f"({QUOTIENT} + 1e-9).log()")),
            hints=(IN_FLOAT32,),
        ),
        Misconception(
            "softmax-over-the-batch",
            "The sum of the softmax runs over the batch (`dim=0`). Every row is an example of its own: sum over the classes.",
            patch=("dim=1", "dim=0"),
            hints=("Which numbers have to add up to 1: those of a row or those of a column?",),
        ),
        Misconception(
            "summed-over-the-batch",
            "The largest logit is that of each row, but the exponentials are added up over the batch (`dim=0`). Every row is an example of its own: sum over its classes.",
            patch=("sum(dim=1", "sum(dim=0"),
            hints=("Which numbers have to add up to 1: those of a row or those of a column?",),
        ),
        Misconception(
            "summed-over-everything",
            "You add up the exponentials of the whole batch. Every row is an example of its own, with a sum of its own.",
            patch=("sum(dim=1, keepdim=True)", "sum()"),
            hints=("How many sums are there for N rows?",),
        ),
        Misconception(
            "logarithm-of-the-sum-missing",
            "You subtract the sum of the exponentials. What stands in the formula is its *logarithm*.",
            patch=(".sum(dim=1, keepdim=True).log()", ".sum(dim=1, keepdim=True)"),
            hints=("What is the logarithm of a quotient?",),
        ),
        Misconception(
            "largest-kept-in-the-sum",
            "The sum is made of the logits as they came, but its logarithm is subtracted from the ones that the largest was taken from. Both have to be the same: `z` in both places.",
            patch=("log_p = z - z.exp()", "log_p = z - logits.exp()"),
            hints=("In which of the two terms has the largest logit been subtracted?",),
        ),
        Misconception(
            "logarithm-of-the-sum-added",
            "You add the logarithm of the sum. The logarithm of a quotient is a difference: it is subtracted.",
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
            "The sum is made of the logits that the largest was taken from, but you subtract its logarithm from the logits as they came. Both have to be the same: `z` in both places.",
            patch=("log_p = z - z.exp()", "log_p = logits - z.exp()"),
            hints=("In which of the two terms has the largest logit been subtracted?",),
        ),
        Misconception(
            "most-probable-class",
            "You take the largest log-probability of each row: the class that the model holds for the most likely. What counts is the *right* class, y[i].",
            patch=("log_p[torch.arange(len(y)), y]", "log_p.amax(dim=1)"),
            hints=("Where does your loss look at y?",),
        ),
        Misconception(
            "every-row-with-every-target",
            "`[:, y]` takes, from every row, the columns of *all* targets. Row i needs only its own, y[i].",
            patch=(PICKED, "[:, y]"),
            hints=("What shape does `log_p[:, y]` have?",),
        ),
        Misconception(
            "rows-for-classes",
            "`[y]` picks whole *rows*, those with the numbers in y. From row i you need the one entry in column y[i].",
            patch=(PICKED, "[y]"),
            hints=("What do the class numbers in y count: rows or columns?",),
        ),
        Misconception(
            "largest-of-all-rows",
            "You subtract the largest logit of the whole batch. A row that lies far below it then has exponentials that are all 0, and the logarithm of their sum is minus infinity. Every row needs its own largest logit.",
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
            "You average over all classes. Only the log-probability of the right class of each row counts.",
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
            "You add up over the batch. The cross-entropy is the mean over the rows.",
            patch=(".mean()", ".sum()"),
            hints=("Should the loss of twice as many rows be twice as large?",),
        ),
        Misconception(
            "sign-missing",
            "The sign is missing: a log-probability is never above 0, so the loss is *minus* its mean.",
            patch=("return -", "return "),
            hints=("Can a loss be negative?",),
        ),
        Misconception(
            "logarithm-missing",
            "You average the probabilities themselves. Cross-entropy is made of their logarithms.",
            patch=("return -log_p[", "return -log_p.exp()["),
            hints=("What stands in front of p in the formula?",),
        ),
        Misconception(
            "cut-from-the-graph",
            "The number is right, but it is not a tensor that autograd can follow back to the logits (`item()`, `float()` and `detach()` cut it off). Return the tensor.",
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
