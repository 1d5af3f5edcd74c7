"""Lesson 08: what its exercises refuse beyond wrong values."""

import math

import pytest
import torch

from tutor.lessons.optim.valleys import GIVEN, LEAST, Valley, given, walk
from tutor.lessons.registry import HOME, Lesson


@pytest.fixture(scope="module")
def exercises():
    return Lesson("optim", HOME / "optim", 8).exercises


class Inherited(torch.optim.SGD):
    def __init__(self, params, lr, weight_decay=0.0):
        super().__init__(params, lr=lr, weight_decay=weight_decay)


class Wrapped:
    def __init__(self, params, lr, weight_decay=0.0):
        self.inner = torch.optim.SGD(params, lr=lr, weight_decay=weight_decay)

    def zero_grad(self):
        self.inner.zero_grad()

    def step(self):
        self.inner.step()


@pytest.mark.parametrize("ready_made", [Inherited, Wrapped])
def test_an_sgd_that_lets_torch_take_the_step_is_refused(exercises, ready_made):
    report = exercises["optim.SGD"].check(ready_made)
    assert report.verdict == "error" and "write it yourself" in report.message


def test_torchs_own_optimisers_work_again_after_a_check(exercises):
    exercises["optim.SGD"].check(Wrapped)
    w = torch.ones(1, requires_grad=True)
    w.grad = torch.ones(1)
    torch.optim.SGD([w], lr=0.5).step()
    assert w.item() == 0.5


def test_a_velocity_that_is_the_gradient_itself_is_told_to_be_a_copy(exercises):
    def aliased(grad, state, lr, momentum):
        if not state:
            state["velocity"] = grad
        else:
            state["velocity"].mul_(momentum).add_(grad)
        return lr * state["velocity"]

    report = exercises["optim.sgd_momentum"].check(aliased)
    assert report.verdict == "wrong" and "changes its input" in report.message


class Sound:
    def __init__(self, params, lr, weight_decay=0.0):
        self.params, self.lr, self.weight_decay = list(params), lr, weight_decay

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    @torch.no_grad()
    def step(self):
        for p in self.params:
            if p.grad is not None:
                p -= self.lr * (p.grad + self.weight_decay * p)


class StopsAtNone(Sound):
    @torch.no_grad()
    def step(self):
        for p in self.params:
            if p.grad is None:
                break
            p -= self.lr * (p.grad + self.weight_decay * p)


def test_an_sgd_that_stops_at_the_first_missing_gradient_is_told_to_go_on(exercises):
    report = exercises["optim.SGD"].check(StopsAtNone)
    assert report.misconception == "none-ends-the-step"


class ClearsInTheStep(Sound):
    def zero_grad(self):
        pass

    @torch.no_grad()
    def step(self):
        for p in self.params:
            if p.grad is not None:
                p -= self.lr * (p.grad + self.weight_decay * p)
                p.grad = None


def test_a_zero_grad_that_leaves_the_clearing_to_the_step_is_refused(exercises):
    assert exercises["optim.SGD"].check(ClearsInTheStep).misconception == "step-clears"


def test_a_key_that_is_not_there_yet_is_explained(exercises):
    def velocity_by_brackets(grad, state, lr, momentum):
        state["v"] = momentum * state["v"] + grad
        return lr * state["v"]

    report = exercises["optim.sgd_momentum"].check(velocity_by_brackets)
    assert report.verdict == "error" and "it is empty at the first step" in report.message


def test_a_rule_without_root_and_epsilon_is_told_so(exercises):
    def rmsprop(grad, state, lr, alpha, eps):
        state["s"] = alpha * state.get("s", 0) + (1 - alpha) * grad**2
        return lr * grad / state["s"]

    assert exercises["optim.rmsprop"].check(rmsprop).misconception == "no-root-no-epsilon"


def clearing(how):
    class Clearing(Sound):
        def zero_grad(self):
            for p in self.params:
                how(p)

    return Clearing


def fill_with_zeros(p):
    if p.grad is not None:
        p.grad.zero_()


@pytest.mark.parametrize("how", [lambda p: p.zero_(), lambda p: p.fill_(0), lambda p: p.data.zero_()])
def test_a_zero_grad_that_reaches_for_the_weights_is_not_told_of_autograd(exercises, how):
    assert exercises["optim.SGD"].check(clearing(how)).misconception == "weights-for-gradients"


def test_gradients_filled_with_zeros_are_not_none(exercises):
    assert exercises["optim.SGD"].check(clearing(fill_with_zeros)).misconception == "zeros-for-none"


def test_a_missing_gradient_cannot_be_filled_with_zeros(exercises):
    assert exercises["optim.SGD"].check(clearing(lambda p: p.grad.zero_())).misconception == "none-zeroed"


class Decaying(Sound):
    @torch.no_grad()
    def step(self):
        for p in self.params:
            if p.grad is not None:
                p.grad += self.weight_decay * p
                p -= self.lr * p.grad


class ClearingTwice(Sound):
    def step(self):
        super().step()
        self.zero_grad()


def test_a_step_leaves_the_gradients_as_they_are(exercises):
    assert exercises["optim.SGD"].check(Sound).verdict == "pass"
    assert exercises["optim.SGD"].check(Decaying).misconception == "gradient-changed-by-step"
    assert exercises["optim.SGD"].check(ClearingTwice).misconception == "step-clears-too"


def test_a_share_outside_the_cosine_is_told_so(exercises):
    def schedule(t, warm_up, steps):
        if t < warm_up:
            return (t + 1) / warm_up
        return 0.5 * (1 + math.cos(math.pi) * (t - warm_up) / (steps - warm_up))

    assert exercises["optim.schedule"].check(schedule).misconception == "share-outside-the-cosine"


def test_adams_second_form_is_told_from_the_first(exercises):
    def adam(grad, state, lr, beta1, beta2, eps):
        state["t"] = t = state.get("t", 0) + 1
        state["m"] = beta1 * state.get("m", 0) + (1 - beta1) * grad
        state["v"] = beta2 * state.get("v", 0) + (1 - beta2) * grad**2
        return lr * (1 - beta2**t) ** 0.5 / (1 - beta1**t) * state["m"] / (state["v"].sqrt() + eps)

    assert exercises["optim.adam"].check(adam).misconception == "eps-before-the-correction"


def test_the_velocity_from_before_is_told_though_it_begins_with_a_bare_zero(exercises):
    def sgd_momentum(grad, state, lr, momentum):
        old = state.get("velocity", 0)
        state["velocity"] = momentum * old + grad
        return lr * old

    assert exercises["optim.sgd_momentum"].check(sgd_momentum).misconception == "old-velocity-used"


def mended(exercise, *pairs):
    """Judge a repair's program as it arrives, with some of its text replaced."""
    text = exercise.broken
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return exercise.check(exercise.build(text)[0], source=text)


PUT_IN = "    model[-1] = head\n"


@pytest.mark.parametrize(
    ("put_in", "told"),
    [
        (f"{PUT_IN}    head.requires_grad_()\n", "unmended"),
        (f"{PUT_IN}    optimizer.add_param_group({{'params': head.parameters()}})\n", "one-rate"),
        (f"{PUT_IN}    optimizer.add_param_group({{'params': head.parameters(), 'lr': 10 * rate}})\n", None),
        (f"{PUT_IN}    optimizer.param_groups[1]['params'] = list(head.parameters())\n", None),
        (f"{PUT_IN}    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)\n", "one-rate"),
        (f"{PUT_IN}    optimizer = torch.optim.SGD(head.parameters(), 10 * rate, 0.9)\n", "new-layer-alone"),
    ],
)
def test_a_new_layer_that_an_optimiser_does_not_know_is_told(exercises, put_in, told):
    report = mended(exercises["optim.mend_head"], (PUT_IN, put_in))
    assert report.misconception == told and (report.verdict == "pass") == (told is None)


def test_a_model_that_keeps_its_old_last_layer_is_told(exercises):
    carried_over = "    model[-1].weight.data, model[-1].bias.data = head.weight.data, head.bias.data\n"
    report = mended(exercises["optim.mend_head"], (PUT_IN, carried_over))
    assert report.misconception == "another-model"


CLEARED, STEPPED = "        optimizer.zero_grad()\n", "            optimizer.step()\n"


@pytest.mark.parametrize(
    ("pairs", "told"),
    [
        ([("loss.backward()", "loss.backward(retain_graph=True)")], "unmended"),
        ([(STEPPED, f"            optimizer = torch.optim.SGD([w], lr=rate)\n{STEPPED}")], "unmended"),
        ([(STEPPED, f"{STEPPED}            w = w.detach().requires_grad_()\n")], None),
        ([(STEPPED, f"{STEPPED}            w.grad = None\n")], None),
        ([(CLEARED, ""), ("    losses = []\n", "    losses = []\n    optimizer.zero_grad()\n")], "never"),
    ],
)
def test_where_gradients_are_cleared_is_told(exercises, pairs, told):
    report = mended(exercises["optim.mend_clearing"], *pairs)
    assert report.misconception == told


def test_the_judge_of_downhill_has_the_valley_of_the_lesson():
    space = Lesson("optim", HOME / "optim", 8).namespace(before="optim.downhill")
    assert torch.equal(GIVEN.start, space["start"])
    for w in (GIVEN.start, GIVEN.lowest, GIVEN.start.flip(0)):
        assert torch.isclose(GIVEN.loss(w), space["narrow"](w))


def test_sgd_at_no_rate_and_no_rate_for_each_weight_arrive_in_the_hidden_valleys():
    hidden = [Valley(*made) for turn in range(4) for made in given(turn)]

    def ends(make):
        return [walk(make, valley)[0][-1] for valley in hidden]

    for rate in (0.001, 0.002, 0.003, 0.004, 0.0049):
        assert min(ends(lambda params, rate=rate: torch.optim.SGD(params, lr=rate))) > 100 * LEAST
    for rate in (0.1, 0.3, 1.0):
        assert max(ends(lambda params, rate=rate: torch.optim.Adam(params, lr=rate))) > LEAST
    assert max(ends(lambda params: torch.optim.SGD(params, lr=0.005, momentum=0.9))) < LEAST / 10
    assert max((valley.start - valley.lowest).norm() for valley in hidden) <= 11


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            (
                ("def __init__(self, params):", "def __init__(self, params, lr):"),
                ("Downhill([w])", "Downhill([w], 0.1)"),
            ),
            None,
        ),
        (
            (
                ("with what is best", "with `SGD` in mind, best"),
                ("class Downhill:", "def SGD():\n    pass\n\n\nclass Downhill:"),
            ),
            "",
        ),
        ((("zeros_like(w)", "rand(w.shape)"),), "kept-from-before"),
        ((("range(150)", "range(100)"),), "other-losses"),
        ((("self.lr * v", "20 * self.lr * v.sign()"),), "restless"),
        ((("w.grad = None", "w.grad = torch.zeros_like(w)"),), ""),
    ],
)
def test_what_an_own_optimiser_is_told(exercises, changes, told):
    text = exercises["optim.downhill"].source
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    report = exercises["optim.downhill"].check(text)
    wanted = "error" if told is None else "wrong" if told else "pass"
    assert (report.misconception or "", report.verdict) == (told or "", wanted), report.message


def test_a_start_that_was_moved_itself_is_told_in_the_second_run(exercises):
    exercise = exercises["optim.downhill"]
    text = exercise.source.replace("start.clone().requires_grad_()", "start.requires_grad_()")
    space = Lesson("optim", HOME / "optim", 8).namespace(before="optim.downhill")
    assert exercise.check(text, names=space).verdict == "pass"
    report = exercise.check(text, names=space)
    assert report.misconception == "other-losses" and "before step 1" in report.message
