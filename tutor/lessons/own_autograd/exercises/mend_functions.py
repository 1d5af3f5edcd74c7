"""Functions made in a loop, which look their factor up when they are called: by then the loop is over."""

import functools
import math

from tutor.checking import Misconception, repair
from tutor.checking.probes import as_list


def probe(d):
    """Three or four factors, and a gradient that arrives."""
    return [d.number(0.5, 2.0) for _ in range(d.integer(3, 4))], d.number(0.5, 2.0)


def probe_two(d):
    """Two factors, one of them negative, and a negative gradient."""
    return [d.number(0.5, 2.0), -d.number(1.5, 2.0)], -d.number(0.5, 2.0)


def probe_equal(d):
    """Three factors, two of which are the same number: each of the two is in the product of the other."""
    twice = d.number(1.5, 2.0)
    return [twice, d.number(0.5, 1.0), twice], d.number(0.5, 2.0)


def call_all(answer, factors, grad):
    return tuple(function(grad) for function in as_list(answer(factors), "functions"))


def functions_by_partial(factors):
    def scaled(others, grad):
        return others * grad

    return [functools.partial(scaled, math.prod(factors) / factor) for factor in factors]


def functions_by_a_maker(factors):
    def maker(k):
        def function(grad):
            return grad * math.prod(factors[:k]) * math.prod(factors[k + 1 :])

        return function

    return [maker(k) for k in range(len(factors))]


def functions_of_bound_methods(factors):
    class Rule:
        def __init__(self, others):
            self.others = others

        def __call__(self, grad):
            return self.others * grad

    return [Rule(math.prod(f for j, f in enumerate(factors) if j != k)) for k in range(len(factors))]


APPEND = "functions.append(lambda grad, others=others: grad * others)"

EXERCISE = repair(
    difficulty="medium",
    minutes=6,
    drills=("local-rules",),
    fault="All functions still return the same, that of the last factor. A function looks the names in it up when it is *called*, and by then the loop has left the last value in them.",
    probe=(probe, probe_two, probe_equal),
    use=call_all,
    misconceptions=(
        Misconception(
            "own-factor",
            "Each function multiplies by its own factor. The gradient of a product with respect to a factor is the product of all *others*.",
            patch=(APPEND, "functions.append(lambda grad, factor=factors[k]: grad * factor)"),
            hints=("What is the derivative of a * b * c with respect to a?",),
        ),
        Misconception(
            "whole-product",
            "Each function multiplies by the product of all factors, its own among them.",
            patch=("            if j != k:\n                others *= factor", "            others *= factor"),
            hints=("Which factor does the derivative with respect to a not hold?",),
        ),
        Misconception(
            "sum-of-the-others",
            "Each function multiplies by the *sum* of all other factors. What is left beside a factor in a product is the product of the others.",
            patch=(("others = 1.0", "others = 0.0"), ("others *= factor", "others += factor")),
            hints=("What is the derivative of a * b * c with respect to a?",),
        ),
        Misconception(
            "left-out-by-value",
            "Right while all factors differ. Of a number that stands in the list twice none is left in the product, though one of the two belongs to the others. A factor is left out by its place in the list, not by its value.",
            patch=("if j != k:", "if factor != factors[k]:"),
            hints=("What is the derivative of a * b * c with respect to a, if a and c are both 2?",),
        ),
        Misconception(
            "never-begun-anew",
            "The first function is right; each later one also holds the products of those before it. Is `others` begun anew for every factor?",
            patch=(
                "    for k in range(len(factors)):\n        others = 1.0\n",
                "    others = 1.0\n    for k in range(len(factors)):\n",
            ),
            hints=("What is in `others` when the second factor's turn begins?",),
        ),
    ),
    alternatives=(functions_by_partial, functions_by_a_maker, functions_of_bound_methods),
    hints=(
        "When is `others` read: when the lambda is written, or when it is called?",
        "A default value of a parameter is computed at once, when the function is made.",
        "`lambda grad, others=others: grad * others`",
    ),
)
