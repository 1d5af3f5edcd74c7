"""What the checks of lesson 12 say of answers that differ from the mistakes they were written for."""

import copy
import math
import os
import time
from pathlib import Path

import pytest
import torch

from tests.programs import observed
from tutor import launch
from tutor.checking.running import Recorder
from tutor.lessons.compile_export_scale import pairs
from tutor.lessons.registry import find_lesson


def check(name, answer):
    return find_lesson("compile_export_scale").exercises[f"compile_export_scale.{name}"].check(answer)


def branch_by_bool(x, limit):
    norm = x.norm()
    if bool(norm > limit):
        x = x * (limit / norm)
    return x


def branch_by_item(x, limit):
    norm = x.norm().item()
    return x * (limit / norm if norm > limit else 1.0)


def branch_by_index(x, limit):
    norm = x.norm()
    return [x, x * limit / norm][int(norm > limit)]


def branch_in_an_expression(x, limit):
    norm = x.norm()
    return x * (limit / norm if norm > limit else 1.0)


def seen_by_print(x, limit):
    norm = x.norm()
    print(norm)
    return x * (limit / norm).clamp(max=1.0)


@pytest.mark.parametrize(
    "answer", [branch_by_bool, branch_by_item, branch_by_index, branch_in_an_expression, seen_by_print]
)
def test_whatever_needs_python_to_know_a_tensor_is_told_as_that(answer):
    assert check("clip", answer).misconception == "branch-kept"


@pytest.mark.parametrize(
    "length", [torch.linalg.matrix_norm, lambda x: (x**2).sum(dim=(0, 1)).sqrt(), lambda x: x[None].norm(dim=(-2, -1))]
)
def test_a_length_that_is_right_for_two_dimensions_only_is_rejected(length):
    assert check("clip", lambda x, limit: x * (limit / length(x)).clamp(max=1.0)).verdict in ("wrong", "error")


def gradients(replicas, shares, loss_fn):
    for model, (x, y) in zip(replicas, shares, strict=True):
        model.zero_grad()
        loss_fn(model(x), y).backward()
    return [sum(p.grad for p in same) / len(same) for same in zip(*(m.parameters() for m in replicas), strict=True)]


def step_with_new_models(replicas, shares, loss_fn, learning_rate):
    with_mean = gradients(replicas, shares, loss_fn)
    with torch.no_grad():
        for parameter, grad in zip(replicas[0].parameters(), with_mean, strict=True):
            parameter -= learning_rate * grad
    replicas[1:] = [copy.deepcopy(replicas[0]) for _ in replicas[1:]]


def test_models_that_are_replaced_in_the_list_have_not_taken_the_step():
    assert check("parallel_step", step_with_new_models).misconception == "only-the-first-steps"


def test_three_replicas_are_not_the_only_number():
    def step(replicas, shares, loss_fn, learning_rate):
        _one, _two, _three = replicas

    assert check("parallel_step", step).verdict == "error"


def share(count, world_size, rank, epoch, seed=0):
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed + epoch))
    return torch.cat([order, order[: -count % world_size]])[rank::world_size]


@pytest.mark.parametrize("kind", [torch.Tensor.tolist, tuple, torch.Tensor.numpy])
def test_indices_that_are_no_tensor_are_told(kind):
    assert check("my_share", lambda *a, **more: kind(share(*a, **more))).misconception == "no-tensor"


def test_indices_that_are_no_whole_numbers_are_refused():
    report = check("my_share", lambda *a, **more: share(*a, **more).float())
    assert report.verdict == "wrong" and "should hold int numbers" in report.message


def pays(compare=lambda bill, eager: bill <= eager, first=1, most=10**6):
    """An answer that counts upwards from `first`."""

    def pays_from(first_call, compiled_call, eager_call):
        if compiled_call >= eager_call:
            return math.inf
        for n in range(first, most):
            if compare(first_call + (n - 1) * compiled_call, n * eager_call):
                return n
        return math.inf

    return pays_from


def test_counting_upwards_is_right():
    assert check("pays_from", pays()).verdict == "pass"


@pytest.mark.parametrize(
    ("answer", "mistake"),
    [
        (pays(compare=lambda bill, eager: bill < eager), "even-is-not-enough"),
        (pays(first=2), "two-at-least"),
        (pays(most=100), "gives-up"),
    ],
)
def test_the_edges_of_the_bill_are_told(answer, mistake):
    assert check("pays_from", answer).misconception == mistake


def replay_with(given):
    """An answer that runs a step as `given` says, from what stands on the tape and the values so far."""

    def replay(tape, inputs):
        values = dict(inputs)
        for name, function, arguments in tape:
            values[name] = given(function, arguments, values)
        return values[name]

    return replay


def looked_up(arguments, values):
    return [values[a] if isinstance(a, str) else a for a in arguments]


@pytest.mark.parametrize(
    "given",
    [
        lambda f, args, values: f(*(values[a] if isinstance(a, str) else torch.tensor(a) for a in args)),
        lambda f, args, values: f(*(values[a] if isinstance(a, str) else float(a) for a in args)),
        lambda f, args, values: getattr(torch, f.__name__)(*looked_up(args, values)),
        lambda f, args, values: f(*looked_up(args, values)[:2]),
        lambda f, args, values: f(
            *[values[a] for a in args if isinstance(a, str)], *[a for a in args if not isinstance(a, str)]
        ),
    ],
)
def test_a_replay_that_is_right_for_some_arguments_only_is_rejected(given):
    assert check("replay", replay_with(given)).verdict in ("wrong", "error")


def test_a_replay_that_empties_its_inputs_is_told_what_it_did():
    def replay(tape, inputs):
        values = dict(inputs)
        inputs.clear()
        for name, function, arguments in tape:
            values[name] = function(*looked_up(arguments, values))
        return values[name]

    assert "take something out" in check("replay", replay).message


BRANCH = "        if image.mean() > 0.5:\n            image = 1 - image\n        return image\n"
TRACED = "torch.jit.trace(on_black, example)"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (TRACED, "torch.jit.trace(on_black, example, check_trace=False)", "unmended"),
        ("if image.mean() >", "if image.mean().item() >", "unmended"),
        (BRANCH, "        return 1 - image if image.mean() > 0.5 else image\n", "unmended"),
        (TRACED, "torch.jit.trace(on_black, 1 - example)", "another-example"),
        (TRACED, "torch.jit.trace(on_black, torch.arange(4.0).reshape(2, 2) ** 4)", "never-turned"),
        (TRACED, "torch.compile(on_black, backend='eager')", "not-recorded"),
        (TRACED, "lambda image: torch.jit.trace(on_black, image)(image)", "not-recorded"),
        (TRACED, "torch.jit.script(on_black)", None),
        ("    def on_black", "    @torch.jit.script\n    def on_black", None),
    ],
)
def test_who_decides_in_a_recording_is_told(old, new, told):
    exercise = find_lesson("compile_export_scale").exercises["compile_export_scale.mend_trace"]
    assert old in exercise.broken
    report = exercise.check(exercise.build(exercise.broken.replace(old, new))[0])
    assert report.misconception == told and (report.verdict == "pass") == (told is None)


def two_as_one_exercise():
    return find_lesson("compile_export_scale").exercises["compile_export_scale.two_as_one"]


def two_as_one(change=None, alone=None, starts=(2,), processes=(1, 2)):
    """What the judge says of records that were made up: nothing is started."""
    weights, losses = pairs.trained(pairs.HALVES)
    runs = [
        {"process": p, "weights": weights.clone(), "losses": list(course)}
        for p, course in zip(processes, losses, strict=True)
    ]
    runs = change(runs) or runs if change else runs
    recorder = Recorder(notes={"starts": list(starts)})
    exercise, left = two_as_one_exercise(), {"runs": runs, "alone": weights if alone is None else alone}
    told = exercise.spec.judge(observed(exercise, left, recorder))
    return told and told.criterion


def put(key, *values):
    """A change of the records: one entry of both."""

    def change(runs):
        for record, value in zip(runs, values, strict=True):
            record[key] = value

    return change


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (None, None),
        (lambda runs: tuple(runs), None),
        (lambda runs: [{**r, "weights": r["weights"].view(6, 1).float()} for r in runs], None),
        (lambda runs: runs[:1], "no-records"),
        (lambda runs: [list(r) for r in runs], "no-records"),
        (lambda runs: [{k: r[k] for k in ("process", "weights")} for r in runs], "no-records"),
        (put("process", 7, 7), "one-process"),
        (put("process", 7, os.getpid()), "one-process"),
        (lambda runs: put("losses", runs[0]["losses"][:-1], runs[1]["losses"])(runs), "other-steps"),
        (lambda runs: put("losses", *[r["losses"] for r in runs[::-1]])(runs), "other-rows"),
        (lambda runs: put("losses", *[runs[1]["losses"]] * 2)(runs), "same-half"),
        (put("losses", *pairs.trained()[1] * 2), "whole-batch"),
        (lambda runs: put("weights", runs[0]["weights"], runs[1]["weights"] + 1)(runs), "apart"),
        (put("weights", *[pairs.trained(carried=1.0)[0]] * 2), "uncleared"),
        (put("weights", *[pairs.trained(carried=2.0)[0]] * 2), "uncleared"),
        (put("weights", *[pairs.trained(rate=0.2)[0]] * 2), "summed"),
        (put("weights", *[pairs.trained(rate=0.05)[0]] * 2), "unequal"),
        (put("weights", torch.zeros(5), torch.zeros(5)), "unequal"),
    ],
)
def test_what_records_of_two_processes_are_told(change, told):
    assert two_as_one(change) == told


def test_processes_that_never_ran_and_another_training_alone_are_told():
    assert two_as_one(starts=()) == "one-process"
    assert two_as_one(alone=pairs.trained(pairs.HALVES[:1])[0]) == "alone-unequal"


def test_the_judge_of_two_as_one_has_the_data_of_the_lesson():
    space = find_lesson("compile_export_scale").namespace(before="compile_export_scale.two_as_one")
    for ours, lessons in zip(pairs.made_data(), torch.load(space["place"] / "data.pt"), strict=True):
        assert torch.equal(ours, lessons)


def test_a_script_that_fails_is_told_with_what_it_said():
    text = two_as_one_exercise().source.replace(
        "import torch.distributed as dist", "raise ValueError('this was meant')"
    )
    report = two_as_one_exercise().check(text)
    assert report.verdict == "error" and "this was meant" in report.message
    assert launch.torchrun.__module__ == "tutor.launch"  # as it was


ENDLESS = """
script = "import os, pathlib, sys, time; "
script += "pathlib.Path(sys.argv[1], os.environ['RANK'] + '.pid').write_text(str(os.getpid())); time.sleep(600)"
(place / "endless.py").write_text(script)
torchrun(place / "endless.py", place)
"""


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_processes_that_wait_for_ever_are_ended_with_the_program():
    exercise = two_as_one_exercise()
    space = find_lesson("compile_export_scale").namespace(before=exercise.id)
    report = exercise.check(ENDLESS, names=space, seconds=20)
    assert report.verdict == "slow"
    ids = [int(file.read_text()) for file in space["place"].glob("*.pid")]
    for _ in range(300):  # the ends of processes are seen a little later
        if not any(Path(f"/proc/{number}").is_dir() for number in ids):
            break
        time.sleep(0.2)
    assert not any(Path(f"/proc/{number}").is_dir() for number in ids)
