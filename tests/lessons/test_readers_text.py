"""Evidence about a reader's text that several lessons ask for."""

import ast

import pytest

from tutor import exercises
from tutor.lessons.readers_text import clears_nothing, in_function, in_loop, in_order, never_says, says

STEP = """
def train_step(model, loss_fn, optimizer, X, y):
    loss = loss_fn(model(X), y)
    {0}
    {1}
    {2}
    return loss.item()
"""


def step(*lines):
    return ast.parse(STEP.format(*lines))


def test_a_word_is_a_name_an_attribute_or_the_name_of_an_argument():
    tree = ast.parse("w = torch.zeros(2, requires_grad=True)")
    assert says("requires_grad")(tree) and says("zeros")(tree) and says("w")(tree)
    assert never_says("requires_grad_", "True")(tree)


@pytest.mark.parametrize("line", ["w.grad.zero_()", "w.grad = None", "w.grad = b.grad = None", "optimizer.zero_grad"])
def test_what_clears_a_gradient_or_tries_to(line):
    assert not clears_nothing(ast.parse(line))
    assert clears_nothing(ast.parse("w -= 0.1 * w.grad"))


def test_pieces_follow_each_other_in_the_order_of_the_lines():
    found = in_order("_.backward(...)", "_.zero_grad(...)", "_.step(...)")
    lines = "loss.backward()", "optimizer.zero_grad()", "optimizer.step()"
    assert found(step(*lines))
    assert not found(step(lines[1], lines[0], lines[2]))
    assert not found(step(lines[0], lines[2], lines[1]))


def test_what_stands_in_a_loop_or_in_a_function_and_what_behind():
    tree = ast.parse("for k in range(3):\n    a = f(k)\nb = g(2)\ndef forward(x):\n    return h(x)\n")
    assert in_loop("f(...)")(tree) and not in_loop("g(...)", "h(...)")(tree)
    assert in_function("forward", "h(...)")(tree) and not in_function("forward", "g(...)")(tree)


def told(name, answer, text):
    return exercises[name].check(answer, source=text, search=0)


CLEARED_TOO_LATE = """
def fit_line(x, y, steps, learning_rate):
    a = torch.tensor(0.0, requires_grad=True)
    b = torch.tensor(0.0, requires_grad=True)
    for step in range(steps):
        a.grad.zero_()
        b.grad.zero_()
        loss = ((a + b * x - y) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            a -= learning_rate * a.grad
            b -= learning_rate * b.grad
    return a.item(), b.item()
"""


def test_a_gradient_cleared_before_there_is_one_is_not_told_of_new_tensors():
    exercise = exercises["tensors_and_gradients.fit_line"]
    report = told(exercise.id, exercise.build(CLEARED_TOO_LATE)[0], CLEARED_TOO_LATE)
    assert "no backward pass has filled it yet" in report.message and "a = a - " not in report.message


TRIPLE = """
class ImageDataset(Dataset):
    def __init__(self, images, labels, transform=None, target_transform=None):
        self.images, self.labels = images, labels

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return self.images[index], self.labels[index], index
"""


def test_an_example_of_three_things_is_not_taken_for_an_image_alone():
    exercise = exercises["data_to_prediction.ImageDataset"]
    report = told(exercise.id, exercise.build(TRIPLE)[0], TRIPLE)
    assert report.misconception is None and "3 things" in report.message
