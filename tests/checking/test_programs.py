"""Programs are judged by what they leave and by what was seen of their training; repairs by their results."""

import ast
import contextlib

import pytest
import torch

from tutor.builder.lint import kinds_are_described
from tutor.checking import Missed, SpecError, Wrong, program, repair, symptoms
from tutor.checking.fault import Fault
from tutor.checking.proof import prove
from tutor.checking.running import Run, compiled, execute


@pytest.fixture
def slope(forms):
    return forms.exercises["forms.slope"]


def ran(text, **names):
    """A program that ran."""
    code = compiled(ast.parse(text).body, "<a program>")
    outcome, recorder, space = execute(code, {"torch": torch, **names}, seconds=20, seed=0, live=False)
    assert outcome.error is None, outcome.error
    return Run(space, recorder)


def test_a_program_and_a_repair_are_proven(forms):
    for name in ("slope", "halve"):
        assert prove(forms.exercises[f"forms.{name}"]).complaints == ()


def test_a_judge_that_asks_too_little_is_found_out(forms, monkeypatch):
    exercise = forms.exercises["forms.slope"]
    monkeypatch.setitem(vars(exercise), "spec", program(**{**_fields(exercise.spec), "judge": lambda run: None}))
    complaints = " ".join(prove(exercise).complaints)
    assert "few-steps is told pass" in complaints and "this mutant passes" in complaints


def _fields(spec):
    names = ["difficulty", "minutes", "hints", "leaves", "observe", "judge", "wrong", "alternatives"]
    return {name: getattr(spec, name) for name in (*names, "equivalent_mutants")}


@pytest.mark.parametrize(
    ("text", "verdict", "told"),
    [
        (..., "todo", "leave `slope` behind"),
        ("x = 1", "wrong", "leaves no `slope` behind"),
        ("slope = ...", "wrong", "leaves no `slope` behind"),
        ("slope = 1\nslope / 0", "error", "line 2 of your cell"),
        ("slope = 1\nreturn", "error", "no Python in line 2"),
        ("import torch\ntorch.set_default_dtype(torch.float64)\nslope = 1", "wrong", "changes the default dtype"),
        ("slope = torch.tensor(1.0)\nslope.backward()", "error", "does not require grad"),
    ],
)
def test_what_is_told_before_the_judge_is_asked(slope, text, verdict, told):
    report = slope.check(text)
    assert report.verdict == verdict and told in report.message


def test_what_was_left_and_cannot_be_used_is_told_as_such(slope):
    run = "for _ in range(3):\n    s = torch.ones((), requires_grad=True)\n    s.backward()\nslope = 'three'"
    report = slope.check(run)
    assert report.verdict == "error" and "what it left behind could not be used" in report.message


def test_a_program_that_never_ends_is_told_the_line_in_which_its_time_went(slope):
    report = slope.check("def busy():\n    while True:\n        sum(range(10_000))\n\nbusy()", seconds=0.5)
    assert report.verdict == "slow" and "line 3 of the cell:\n    sum(range(10_000))" in report.message


def test_a_program_keeps_the_state_and_the_names_of_its_notebook(slope):
    names = {"torch": torch, "points": torch.ones(3), "slope": 5.0}
    torch.manual_seed(3)
    before = torch.get_rng_state()
    report, bound = slope.run("points = 1\ntorch.rand(3)\nprint('live')", names=names)
    assert torch.equal(torch.get_rng_state(), before) and names["slope"] == 5.0 and report.printed == "live"
    assert bound == {"points": 1}
    assert "name 'slope' is not defined" in slope.check("slope = slope + 1", names=names).message


def test_a_class_of_a_program_can_be_saved(slope):
    text = "import pickle\nclass Net:\n    pass\npickle.loads(pickle.dumps(Net()))\nslope = torch.ones(())"
    assert slope.check(text).misconception == "untrained"


LOOP = """
torch.manual_seed(0)
x, y = torch.randn(40, 4), torch.arange(40) % 3
model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(8):
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
"""


def judged(text, **names):
    run = ran(text, **names)
    model = run.left["model"]
    return (
        symptoms.diverged(run)
        or symptoms.unmoved(run, symptoms.moved(run, dict(model.named_parameters())))
        or symptoms.uncleared(run)
        or symptoms.softmax_twice(run)
    )


def test_a_right_loop_has_no_symptom():
    assert judged(LOOP) is None
    assert judged(LOOP.replace("optimizer.zero_grad()", "model.zero_grad(set_to_none=False)")) is None
    assert judged(LOOP.replace("model(x), y", "model(x).log_softmax(1), y")) is None  # which changes nothing
    twice = LOOP.replace("    optimizer.zero_grad()", "    if step % 2 == 0: optimizer.zero_grad()")
    assert judged(twice) is None  # gradients of two batches, added on purpose


@pytest.mark.parametrize(
    ("old", "new", "criterion", "told"),
    [
        ("    optimizer.zero_grad()\n", "", "uncleared", "each of these added to gradients of the pass before"),
        ("model(x), y", "model(x).softmax(1), y", "softmax-twice", "takes the scores"),
        ("model.parameters()", "model[2].parameters()", "unmoved", "`0.weight` and `0.bias` are what they were"),
        ("model(x), y", "model[2](model[0](x).detach()), y", "unmoved", "reached `0.weight` and `0.bias`"),
        ("lr=0.1", "lr=1e30", "diverged", "the steps before were too large"),
        ("loss = torch", "loss = (0 * x.sum()).log() + torch", "diverged", "is infinite"),
        (
            "model(x), y)",
            "model(x), y) + (model[0].bias - model[0].bias).exp().sub(1).sum().log()",
            "diverged",
            "`log`",
        ),
    ],
)
def test_a_symptom_is_told_with_what_was_measured(old, new, criterion, told):
    assert old in LOOP
    missed = judged(LOOP.replace(old, new))
    assert missed is not None and missed.criterion == criterion and told in missed.message


def test_losses_that_grow_are_told_as_steps_that_are_too_large():
    text = """
model, x = torch.nn.Linear(1, 1, bias=False), torch.ones(1, 1)
for _ in range(60):
    model.zero_grad()
    (model(x) - 3).square().sum().backward()
    with torch.no_grad():
        model.weight -= 50 * model.weight.grad
"""
    assert "the steps are too large" in judged(text).message


def test_parameters_that_are_no_numbers_any_more_are_told_with_two_causes():
    text = LOOP.replace("    optimizer.step()", "    optimizer.step()\n    model[0].bias.data[0] = torch.nan")
    assert "Two causes lead there" in judged(text).message


def test_rows_that_were_trained_on_are_known_again_however_they_are_scaled():
    held = torch.randn(20, 4, generator=torch.Generator().manual_seed(1))
    both = LOOP.replace("torch.randn(40, 4)", "torch.cat([torch.randn(20, 4), held]) * 3 - 1")
    missed = symptoms.trained_on(symptoms.met(ran(both, held=held), held))
    assert missed.criterion == "trained-on" and missed.message.startswith("Of the 20 rows of the test set 20 ")
    assert symptoms.trained_on(symptoms.met(ran(LOOP, held=held), held)) is None
    assert symptoms.trained_on((2, 20)).criterion == "trained-on"
    assert symptoms.trained_on((1, 20)) is None and symptoms.trained_on((0, 0)) is None


def test_a_parameter_that_is_bound_anew_at_every_step_has_moved():
    text = (
        "w = torch.zeros(3, requires_grad=True)\nfor _ in range(5):\n"
        "    (g,) = torch.autograd.grad(((w - 1) ** 2).sum(), w)\n    w = (w - RATE * g).detach().requires_grad_()"
    )
    run = ran(text.replace("RATE", "0.1"))
    assert symptoms.moved(run, {"w": run.left["w"]}) == ([], [])
    run = ran(text.replace("RATE", "0.0"))
    assert symptoms.moved(run, {"w": run.left["w"]}) == (["w"], [])
    assert symptoms.unmoved(run, (["w"], [])).criterion == "unmoved"


def test_what_is_at_chance_on_the_data_of_its_training_is_told_with_two_causes():
    run = ran(LOOP.replace("range(8)", "range(800)"))
    assert run.losses[-1] < 0.9 and run.backwards == 800
    missed = symptoms.unlike_training(run, lambda: 0.3, chance=1 / 3, loss=0.9)
    assert "gets 30% of these very data right, where guessing gets 33%" in missed.message
    assert symptoms.unlike_training(run, lambda: 0.9, chance=1 / 3, loss=0.9) is None
    assert symptoms.unlike_training(run, lambda: 0.3, chance=1 / 3, loss=0.0) is None


def test_what_is_left_is_looked_at():
    run = ran("model = torch.nn.Dropout()\nw = torch.zeros(2, dtype=torch.float64)")
    model, inputs = run.left["model"], torch.ones(2, 3)
    assert symptoms.in_training(model) and symptoms.in_training(model, inputs)
    assert not symptoms.in_training(torch.nn.ReLU(), inputs)  # in training mode, where it is all the same to it
    assert not symptoms.in_training(model.eval())
    assert symptoms.left_training(True).criterion == "training-mode" and symptoms.left_training(False) is None
    assert "`w` has the dtype float64" in symptoms.float64(symptoms.dtypes({"w": run.left["w"]})).message
    assert symptoms.untrained(run).criterion == "untrained"


def test_a_broken_program_that_was_only_renamed_is_told_its_fault(forms):
    halve = forms.exercises["forms.halve"]
    assert halve.check(lambda a, b: (a - b) / 2).misconception == "unmended"
    assert halve.check(...).message.startswith("`halve` is as it was")


@pytest.mark.parametrize(
    ("make", "field", "told"),
    [
        (program, {"leaves": ("a b",)}, "leaves="),
        (program, {"judge": None}, "judge="),
        (program, {"wrong": (Wrong("w"),)}, "wrong="),
        (program, {"alternatives": (print,)}, "alternatives="),
        (program, {"hints": ("one",)}, "hints="),
        (repair, {"fault": "", "probe": lambda d: ()}, "fault="),
    ],
)
def test_a_wrong_field_of_the_new_kinds_is_told_by_its_name(make, field, told):
    usual = {"difficulty": "easy", "minutes": 1, "hints": ("a", "b", "c")}
    usual |= {"leaves": ("a",), "judge": lambda run: None} if make is program else {"fault": "It is."}
    with pytest.raises(SpecError, match=told):
        make(**usual | field)


def test_the_lint_holds_cells_and_data_of_one_kind_together(forms, monkeypatch):
    slope, halve = forms.exercises["forms.slope"], forms.exercises["forms.halve"]
    assert "8 to 25 are wanted" in " ".join(kinds_are_described(forms))
    monkeypatch.setattr(halve, "broken", halve.source)
    assert "nothing to mend: what stands there passes" in " ".join(kinds_are_described(forms))
    monkeypatch.setitem(vars(slope), "spec", halve.spec)
    assert "made by program(...) if and only if" in " ".join(kinds_are_described(forms))


def test_a_watch_is_entered_around_a_program_and_left_also_where_it_stops(slope, monkeypatch):
    met = []

    @contextlib.contextmanager
    def watch(names, recorder):
        met.append(names["points"])
        yield
        recorder.losses.append(7.0)
        met.append(names["slope"])

    def judge(run):
        return None if run.losses == (7.0,) else Missed("unwatched", f"{run.losses}")

    monkeypatch.setitem(vars(slope), "spec", program(**{**_fields(slope.spec), "watch": watch, "judge": judge}))
    assert slope.check("slope = 2", names={"points": 1}).verdict == "pass" and met == [1, 2]
    assert slope.check("slope = 3\nslope / 0", names={"points": 1}).verdict == "error" and met == [1, 2, 1, 3]


def test_the_names_in_a_program_are_those_of_imports_too():
    text = "import a.b as c\nfrom d.e import f as g\nfrom . import h\ni.j(k=l)"
    assert symptoms.names_in(text) == set("abdefhijl")


def test_a_loss_that_stands_still_is_told_with_the_pass_from_which_on():
    text = """
w = torch.tensor(300.0, requires_grad=True)
for _ in range(20):
    w.grad = None
    (torch.sigmoid(w).clamp(1e-6, 1 - 1e-6) - 0.5).square().backward()
    with torch.no_grad():
        w -= w.grad
"""
    assert "since backward pass 1 of 20" in symptoms.frozen(ran(text, w=None)).message
    assert symptoms.frozen(ran(text.replace("300.0", "2.0"), w=None)) is None


def test_a_name_that_no_longer_asks_for_a_gradient_is_told():
    error = Fault("RuntimeError", "Exception", "element 0 of tensors does not require grad and has no grad_fn")
    training = ran("torch.ones(1, requires_grad=True).sum().backward(); w = 1", w=None).recorder.training()
    assert symptoms.unasked(error, training, ["w"]).startswith("\n`w` asks for no gradient; a new tensor")
    assert symptoms.unasked(error, training, []) == ""
    assert symptoms.unasked(Fault("ValueError", "Exception", "another"), training, ["w"]) == ""


def test_tensors_that_were_left_and_ask_for_no_gradient_are_told_with_torchs_error(slope):
    told = slope.check("slope = torch.tensor(1.0)\nslope.backward()").message
    assert "`slope` asks for no gradient" in told
    assert "asks for no" not in slope.check("slope = torch.tensor(1.0)\nslope + None").message
