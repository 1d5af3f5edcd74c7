"""What a program left is looked at by name, as plain data, within a time; an error is told where it is asked for."""

import ast
import time

import pytest
import torch

from tutor.checking.fault import Fault
from tutor.checking.observed import Looks, Observed, ProgramHalf, UnusableError, perform
from tutor.checking.plain import Thing
from tutor.checking.running import Recorder, Run, Training, compiled


def looks(observe=None, given=None, seconds=5.0, **left):
    run = Run(left, Recorder())
    return Looks(ProgramHalf(tuple(left), observe), run, given, None, seconds)


def test_what_was_left_can_be_asked_for_as_plain_data_and_a_look_goes_before_it():
    seen = looks(lambda run, given: {"w": lambda: run.left["w"] * given}, 3, w=2, net=torch.nn.ReLU(), t=torch.ones(2))
    assert (seen("w"), seen("net")) == (6, Thing("ReLU", "", True)) and type(seen("t")) is torch.Tensor
    with pytest.raises(LookupError):
        seen("unknown")


def test_an_error_of_one_look_is_told_where_it_is_asked_for_and_costs_no_other():
    seen = looks(lambda run, given: {"broken": lambda: 1 / 0, "fine": lambda: 5})
    assert [name for name, _ in seen.all()] == ["broken", "fine"] and dict(seen.all())["fine"] == 5
    judged = Observed(seen, Training())
    assert judged["fine"] == 5
    with pytest.raises(UnusableError) as caught:
        judged["broken"]
    assert caught.value.fault.kind == "ZeroDivisionError"


def test_where_what_looks_cannot_be_made_that_is_what_is_seen_of_all_but_what_was_left():
    seen = looks(lambda run, given: {"x": run.left["nothing"]}, w=2)
    assert seen("w") == 2 and seen("x").kind == "KeyError"
    names = dict(seen.all())
    assert list(names) == ["w", ""] and names[""].kind == "KeyError"


def test_looking_has_a_limit_for_all_looks_and_what_comes_after_it_is_not_looked_at():
    def hang():
        while True:
            time.sleep(0.01)

    met = []
    seen = looks(lambda run, given: {"first": lambda: 1, "hangs": hang, "later": lambda: met.append(1)}, seconds=0.3)
    found = dict(seen.all())
    assert found["first"] == 1 and found[""].family == "TooSlow" and list(found) == ["first", ""] and not met


def test_a_thing_is_looked_at_once_and_only_if_it_is_asked_for():
    met = []
    seen = looks(lambda run, given: {name: lambda name=name: met.append(name) for name in "abc"})
    judged = Observed(seen, Training())
    assert judged["b"] is judged["b"] is None and met == ["b"]


def test_an_object_that_cannot_be_looked_at_is_an_error_of_its_own():
    class Liar(list):
        def __iter__(self):
            raise SystemExit

    class Worse(torch.Tensor):
        @property
        def dtype(self):
            raise ValueError("no")

    code = compiled(ast.parse("a = Liar(); b = Worse()").body, "<a program>")
    ran, bound, seen = perform(ProgramHalf(("a", "b")), code, {"Liar": Liar, "Worse": Worse, "c": 1}, seconds=5)
    assert ran.error is None and ran.unasked == () and set(bound) == {"a", "b"}
    assert seen("a") == [] and isinstance(seen("b"), (Fault, torch.Tensor))


def test_what_a_program_did_not_come_to_is_not_looked_at():
    half = ProgramHalf(("w", "losses"), lambda run, given: {})
    for text, missing in (("w = 1", ("losses",)), ("losses = 1 / 0", ("w", "losses")), ("w = ...\nlosses = 1", ("w",))):
        ran, _, seen = perform(half, compiled(ast.parse(text).body, "<a program>"), {"w": 5}, seconds=5)
        assert ran.missing == missing and seen is None
