"""How many numbers a linear classifier of images has: a weight for each pixel and class, and the biases."""

from tutor.checking import Misconception, value

EXERCISE = value(
    difficulty="easy",
    minutes=2,
    drills=("parameters",),
    misconceptions=(
        Misconception("no-biases", "Those are the weights. Each class has a bias as well.", value=7840),
        Misconception("one-bias", "There is not one bias, but one for each class.", value=7841),
        Misconception(
            "bias-for-each-pixel",
            "A bias belongs to what comes out, one for each class, not to the pixels.",
            value=8624,
        ),
        Misconception(
            "one-weight-a-pixel",
            "Each class looks at each pixel with a weight of its own.",
            value=794,
            hints=("Which shape has the weight of `nn.Linear(784, 10)`?",),
        ),
        Misconception(
            "one-class-as-baseline",
            "One class could be the baseline, and nine would do; the layer keeps a weight for each pixel and a bias for all ten.",
            value=7065,
        ),
        Misconception("two-tensors", "There are two tensors. How many numbers are in them?", value=2),
    ),
    hints=("Which shapes have the weight and the bias?", "10 times 784, and 10 more."),
    explain="10 · 784 weights and 10 biases.",
)
