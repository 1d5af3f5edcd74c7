"""Shuffled batches of two tensors: orders kept, examples lost, a pass used up; told by `watching.py`."""

from tutor.checking import Misconception, code
from tutor.checking.evidence import seen

from ..loaders import BatchesAsList, BatchesByIndex, BatchesByNumpy
from ..shared import drawn_twice, inside, returned_in_a_loop
from ..watching import use_batches


def probe_rows(d):
    """Examples whose number is a multiple of the batch size, or is none."""
    if d.seed % 2:
        return d.tensor(5 * d.integer(4, 12), 2), 5
    return d.tensor(4 * d.integer(4, 9) + d.integer(1, 3), 3), 4


def probe_images(d):
    """Images with a channel, in the place of rows."""
    return d.tensor(25, 1, *d.sizes(2, 2, 4)), 6


def probe_numbers(d):
    """Single numbers: few more than fill two batches, fewer than fill one, or no more than one number."""
    count, batch_size = ((1, d.integer(2, 4)), (9, 4), (11, 16))[d.seed % 1000 % 3]
    return d.tensor(count), batch_size


KEPT = "self.x, self.y, self.batch_size = x, y, batch_size"
ROUNDED_UP = "math.ceil(len(self.x) / self.batch_size)"
SHUFFLED = "torch.randperm(len(self.x))"
CUT = ".split(self.batch_size)"
LOOP = f"for batch in {SHUFFLED}{CUT}:"
FULL_ONES = f"{LOOP}\n            if len(batch) < self.batch_size:\n                break"
GIVEN_OUT = "yield self.x[batch], self.y[batch]"
ONE_PLAIN = """order = torch.randperm(len(self.x)).split(self.batch_size)
        for batch, plain in zip(order, torch.arange(len(self.y)).split(self.batch_size)):
            yield self.x[{}], self.y[{}]"""
LAST_BATCH = "Every example is there once, so what does the last batch do with the examples that do not fill it?"


EXERCISE = code(
    difficulty="medium",
    minutes=10,
    drills=("batching", "shuffling"),
    probe=(probe_rows, probe_images, probe_numbers),
    use=use_batches,
    outputs=(
        "len(batches)",
        "the sizes of the batches",
        "the examples of an epoch",
        "x and y",
        "the order",
        "the order of a second object",
        "two loops at once",
        "what a batch holds",
    ),
    misconceptions=(
        Misconception(
            "one-order",
            "The order is the same in every epoch, and each loop is to have another. Is it drawn once, and kept?",
            patch=((KEPT, f"{KEPT}\n        self.order = torch.randperm(len(x))"), (SHUFFLED, "self.order")),
            cause="Yours is drawn in `__init__`, which runs once; draw it in `__iter__`.",
            evidence=inside(
                "__init__", "torch.randperm(...)", "random.shuffle(...)", "_.permutation(...)", "_.argsort(...)"
            ),
            other=(
                f"        {LOOP}",
                f'        order = vars(self).setdefault("order", {SHUFFLED})\n        for batch in order{CUT}:',
            ),
            hints=("What makes the order of the second epoch another one than that of the first?",),
        ),
        Misconception(
            "same-seed",
            "Every loop has the same order, over whichever object: random numbers are drawn from the same seed each time. Leave the seed to whoever runs the program.",
            patch=(SHUFFLED, "torch.randperm(len(self.x), generator=torch.Generator().manual_seed(0))"),
            hints=("Which of your lines decides from where random numbers are drawn?",),
        ),
        Misconception(
            "same-for-all-objects",
            "Every object begins with the same order: its random numbers begin anew when an object is made. Leave the seed to whoever runs the program.",
            patch=(KEPT, f"{KEPT}\n        torch.manual_seed(0)"),
            hints=("Which of your lines decides from where random numbers are drawn?",),
        ),
        Misconception(
            "tensors-of-all-objects",
            "Another object was made, and this one gives out examples of that: they are kept where all objects share them. Keep them in `self`.",
            patch=(KEPT, KEPT.replace("self", "Batches")),
            hints=("Whose is a name that is bound in the class: one object's, or that of all?",),
        ),
        Misconception(
            "one-loop-at-a-time",
            "One loop is right; two over one object that run at once take each other's batches. What a loop goes through, or how far it is, is kept in `self`, where all loops find it: local variables of `__iter__` belong to one loop alone.",
            patch=(
                (
                    f"        {LOOP}\n",
                    f"        self.left = list({SHUFFLED}{CUT})\n        while self.left:\n            batch = self.left.pop(0)\n",
                ),
            ),
            hints=("Whose is what is kept in `self`: one loop's, or that of all?",),
        ),
        Misconception(
            "pieces-of-one-size",
            "The number of batches is right, and the examples are shared out evenly among them. All but the last are to hold `batch_size` examples.",
            patch=(CUT, ".chunk(len(self))"),
            hints=("How large are the batches of 9 examples with a batch size of 4?",),
        ),
        Misconception(
            "never-shuffled",
            "The examples come in their old order in every epoch. Is nothing shuffled, or is what was shuffled not used?",
            patch=("torch.randperm", "torch.arange"),
            hints=("What gives the numbers from 0 to N - 1 in a random order?",),
        ),
        Misconception(
            "whole-batches",
            "Only the batches change places; inside each the examples stay neighbours. Data that are sorted by class stay sorted within a batch.",
            patch=(
                LOOP,
                "pieces = torch.arange(len(self.x)).split(self.batch_size)\n        for batch in [pieces[k] for k in torch.randperm(len(pieces))]:",
            ),
            hints=("What has to be shuffled: the batches or the examples?",),
        ),
        Misconception(
            "same-company",
            "The same examples share a batch in every epoch. Who is together with whom has to be drawn anew each time: shuffle all the examples, then cut.",
            patch=(
                LOOP,
                f"for piece in torch.arange(len(self.x)){CUT}:\n            batch = piece[torch.randperm(len(piece))]",
            ),
            hints=("Can two examples from different batches ever come together?",),
        ),
        Misconception(
            "two-orders",
            "x and y do not belong together: an image gets the label of another. One order is to be drawn and used for both. Is each shuffled by itself, or only one of them?",
            patch=(("for batch", "y = self.y[torch.randperm(len(self.y))]\n        for batch"), ("self.y[b", "y[b")),
            cause="You draw two random orders in an epoch.",
            evidence=drawn_twice,
            other=(f"{LOOP}\n            {GIVEN_OUT}", ONE_PLAIN.format("plain", "batch")),
            hints=("Which numbers do you index x with, and which y?",),
        ),
        Misconception(
            "y-not-shuffled",
            "y comes in its old order and x does not, so an image gets the label of another. Index both with the same numbers.",
            patch=(
                f"{LOOP}\n            {GIVEN_OUT}",
                ONE_PLAIN.format("batch", "plain"),
            ),
            hints=("Which numbers do you index y with?",),
        ),
        Misconception(
            "last-dropped",
            "The examples that do not fill a batch are left out. They make a last, smaller batch.",
            patch=((ROUNDED_UP, "len(self.x) // self.batch_size"), (LOOP, FULL_ONES)),
            hints=(LAST_BATCH,),
        ),
        Misconception(
            "last-dropped-but-counted",
            "The length counts the last, smaller batch, but a loop does not get it.",
            patch=(LOOP, FULL_ONES),
            hints=(LAST_BATCH,),
        ),
        Misconception(
            "last-not-counted",
            "The batches are right, but the length does not count the last, smaller one: round up, not down.",
            patch=(ROUNDED_UP, "len(self.x) // self.batch_size"),
            hints=("How many batches are there for 10 examples and a batch size of 4?",),
        ),
        Misconception(
            "no-whole-number",
            "A float stands where Python wants a whole number, and `/` always gives floats. Is it the length, or a count that you loop over? A last batch that is not full is a batch: round up.",
            patch=(ROUNDED_UP, "len(self.x) / self.batch_size"),
            hints=("What is 10 / 4 in Python, and how many batches are there?",),
        ),
        Misconception(
            "one-too-many",
            "Where the examples fill the last batch exactly, the length is one too large.",
            patch=(ROUNDED_UP, "len(self.x) // self.batch_size + 1"),
            hints=("How many batches are there for 8 examples and a batch size of 4?",),
        ),
        Misconception(
            "examples-counted",
            "Your length is the number of examples. It should be the number of batches.",
            patch=(ROUNDED_UP, "len(self.x)"),
            hints=("How often does a loop over the batches run?",),
        ),
        Misconception(
            "used-up",
            "Only the first epoch has batches; the next one finds nothing left. What a loop uses up has to be made anew in `__iter__`.",
            patch=(
                (KEPT, f"{KEPT}\n        self.left = iter(torch.randperm(len(x)).split(batch_size))"),
                (SHUFFLED + CUT, "self.left"),
            ),
            cause="An iterator that is made in `__init__` can be walked through once.",
            evidence=inside("__init__", "iter(...)"),
            other=(
                (KEPT, f"{KEPT}\n        self.left = list(torch.randperm(len(x)).split(batch_size))"),
                (LOOP, "while self.left:\n            batch = self.left.pop(0)"),
            ),
            hints=("What is left for the second loop, and where could it be made anew?",),
        ),
        Misconception(
            "chunks",
            "The batch size is taken for the number of batches. It is how many examples each of them is to hold.",
            patch=(CUT, ".chunk(self.batch_size)"),
            cause="`chunk` cuts into so many pieces; `split` makes pieces of a size.",
            evidence=seen("_.chunk(...)"),
            other=(CUT, ".split(math.ceil(len(self.x) / self.batch_size))"),
            hints=("Is the batch size the number of batches, or how many examples each holds?",),
        ),
        Misconception(
            "tuple-for-iterator",
            "Your `__iter__` returns a tuple, and a loop wants an iterator. Give out one batch after the other with `yield`, or return `iter(...)` of all of them.",
            patch=(GIVEN_OUT, "return self.x[batch], self.y[batch]"),
            cause="Your `return` stands inside the loop and ends it at the first batch.",
            evidence=returned_in_a_loop,
            other=(
                f"{LOOP}\n            {GIVEN_OUT}",
                f"return tuple((self.x[k], self.y[k]) for k in {SHUFFLED}{CUT})",
            ),
            hints=("What does a loop ask of that which `__iter__` returns?",),
        ),
        Misconception(
            "list-for-iterator",
            "Your `__iter__` returns a list, and a loop wants an iterator: `iter(...)` makes one of it, or give out one batch after the other with `yield`.",
            patch=(
                (f"{LOOP}\n            yield", "return ["),
                ("self.x[batch], self.y[batch]", f"(self.x[k], self.y[k]) for k in {SHUFFLED}{CUT}]"),
            ),
            hints=("What is the difference between a list and `iter` of a list?",),
        ),
        Misconception(
            "labels-first",
            "The second part of a batch has the shape of x, and it is to be y. Do the labels come first, or does x come twice? A loop `for x, y in batches` wants x and then y.",
            patch=(GIVEN_OUT, "yield self.y[batch], self.x[batch]"),
            hints=("In which order does the docstring name the two?",),
        ),
        Misconception(
            "drawn-again",
            "Some examples come more than once in an epoch, and others not at all. Are they drawn with replacement, or are pieces cut that overlap? Shuffle the numbers of all, so that each comes once.",
            patch=(SHUFFLED, "torch.randint(len(self.x), (len(self.x),))"),
            hints=("What gives every number exactly once?",),
        ),
    ),
    alternatives=(BatchesByIndex, BatchesAsList, BatchesByNumpy),
    hints=(
        "What has to be drawn once in an epoch, and used for both x and y?",
        "`torch.randperm(N).split(batch_size)` gives the numbers of each batch; index x and y with them.",
        "`for batch in torch.randperm(len(self.x)).split(self.batch_size): yield self.x[batch], self.y[batch]`, and `math.ceil` for the length.",
    ),
)
