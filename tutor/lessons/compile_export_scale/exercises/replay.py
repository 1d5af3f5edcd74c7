"""A recorded program run on other inputs: names not looked up, results lost, the inputs written into."""

from collections import ChainMap

import torch

from tutor.checking import Misconception, code

from ..shared import returned_in_a_loop


def probe_net_tape(d):
    """The two-layer net as a tape, recorded under other names than those of the notebook."""
    n, d_in, h, d_out = d.sizes(4)
    tape = [
        ("h", torch.mm, ["x", "w1"]),
        ("h_relu", torch.clamp, ["h", 0.0]),
        ("y_pred", torch.mm, ["h_relu", "w2"]),
        ("half", torch.mul, ["y_pred", 0.5]),
    ]
    return tape, {"x": d.tensor(n, d_in), "w1": d.tensor(d_in, h), "w2": d.tensor(h, d_out)}


def probe_branching_tape(d):
    """A tape on which an early result and an input are used again at the end."""
    (n,) = d.sizes(1, 3, 7)
    tape = [
        ("t0", torch.mul, ["a", "b"]),
        ("t1", torch.sub, ["b", "t0"]),
        ("t2", torch.pow, ["t1", 2]),
        ("t3", torch.div, ["t2", "a"]),
        ("t4", torch.sub, ["t3", "t0"]),
    ]
    return tape, {"b": d.tensor(n), "a": d.tensor(n)}


def probe_mixed_tape(d):
    """A tape with arguments of every kind, numbers ahead of names among them, and functions that are methods of a tensor."""
    n, m = d.sizes(2)
    tape = [
        ("turned", torch.Tensor.reshape, ["x", (m, n)]),
        ("flipped", torch.flip, ["turned", [0, 1]]),
        ("less", torch.Tensor.__rsub__, ["flipped", 1.5]),
        ("power", torch.pow, [2.0, "less"]),
        ("joined", torch.addcmul, ["turned", "power", "less"]),
        ("more", torch.add, ["joined", d.tensor(n)]),
        ("kept", torch.clamp, ["more", None, 1.5]),
    ]
    return tape, {"x": d.tensor(n, m)}


def probe_one_step(d):
    """A tape of a single step, and an input that nothing asks for."""
    n, m = d.sizes(2)
    return [("doubled", torch.mul, ["x", 2])], {"x": d.tensor(n), "unused": d.tensor(m)}


def replay_loop(tape, inputs):
    results = {}
    for step in tape:
        given = []
        for argument in step[2]:
            if not isinstance(argument, str):
                given.append(argument)
            elif argument in results:
                given.append(results[argument])
            else:
                given.append(inputs[argument])
        results[step[0]] = step[1](*given)
    return results[tape[-1][0]]


def replay_chained(tape, inputs):
    known = ChainMap({}, inputs)
    result = None
    for name, function, arguments in tape:
        result = known[name] = function(*(known[a] if type(a) is str else a for a in arguments))
    return result


def replay_backwards(tape, inputs):
    steps = {name: (function, arguments) for name, function, arguments in tape}

    def find(thing):
        if not isinstance(thing, str):
            return thing
        if thing in steps:
            function, arguments = steps[thing]
            return function(*map(find, arguments))
        return inputs[thing]

    return find(tape[-1][0])


EXERCISE = code(
    difficulty="medium",
    minutes=10,
    drills=("recording",),
    probe=(probe_net_tape, probe_branching_tape, probe_mixed_tape, probe_one_step),
    misconceptions=(
        Misconception(
            "writes-into-inputs",
            "`inputs` is not as it was. It belongs to the caller: if you enter results into it or take something out, do "
            "that with a copy of the dict.",
            patch=("dict(inputs)", "inputs"),
            hints=("Is `values = inputs` a new dict, or a second name for the same one?",),
        ),
        Misconception(
            "first-step-only",
            "What the first step computes comes back, and it is the last one's result that is asked for.",
            patch=("    return values[name]", "        return values[name]"),
            cause="Your `return` stands inside the loop and ends it; it belongs behind.",
            evidence=returned_in_a_loop,
            other=("return values[name]", "return values[tape[0][0]]"),
            hints=("Of which step is the result that you return?",),
        ),
        Misconception(
            "all-values",
            "Everything that was computed comes back, in a dict; only the result of the last step is asked for.",
            patch=("return values[name]", "return values"),
            hints=("What does the docstring say is returned?",),
        ),
        Misconception(
            "numbers-dropped",
            "The arguments that are not strings are lost on the way: a function is called with fewer arguments than "
            "were recorded. Pass them on as they are.",
            patch=(
                "[values[a] if isinstance(a, str) else a for a in arguments]",
                "[values[a] for a in arguments if isinstance(a, str)]",
            ),
            hints=("What should become of the 0.5 in `mul(y_pred, 0.5)`?",),
        ),
        Misconception(
            "numbers-looked-up",
            "Something is looked up that is the name of nothing, a number for instance. Only strings are names.",
            patch=("[values[a] if isinstance(a, str) else a for a in arguments]", "[values[a] for a in arguments]"),
            hints=("How do you tell a name from a number?",),
        ),
        Misconception(
            "all-but-numbers-looked-up",
            "Numbers are passed on, but something else is looked up that is no name: a tuple, None or a tensor. Only strings are names, and anything else is passed on as it is.",
            patch=("values[a] if isinstance(a, str) else a", "a if isinstance(a, int | float) else values[a]"),
            hints=("Which kinds of things can stand on a tape, and which of them are names?",),
        ),
        Misconception(
            "lists-looked-up",
            "Something is looked up that can be no key of a dict, a list for instance. Only strings are names; "
            "anything else is passed on as it is, without a look into a dict.",
            patch=("values[a] if isinstance(a, str) else a", "values.get(a, a)"),
            hints=("What does Python say to `{}.get([0, 1])`?",),
        ),
        Misconception(
            "names-not-looked-up",
            "The functions receive the names themselves. A name has to be replaced by the tensor that it stands for.",
            patch=("values[a] if isinstance(a, str) else a", "a"),
            hints=("What does torch.mm make of the string 'x'?",),
        ),
        Misconception(
            "results-not-kept",
            "A step asks for an earlier result by its name and does not find it. Is the result entered under that name, and is it looked for where it was entered?",
            patch=(
                ("values[name] = function(*given)", "result = function(*given)"),
                ("return values[name]", "return result"),
            ),
            hints=("Where does the second step find the result of the first?",),
        ),
    ),
    alternatives=(replay_loop, replay_chained, replay_backwards),
    hints=(
        "Where can a step find the tensors that its arguments name?",
        "Keep a dict from name to tensor; begin with a copy of `inputs` and add each result.",
        "`values[name] = function(*given)`, where given is `[values[a] if isinstance(a, str) else a for a in arguments]`.",
    ),
)
