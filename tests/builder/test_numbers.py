"""Printed texts are compared as people compare them: words to the letter, numbers as precisely as they are printed."""

import pytest

from tutor.builder.numbers import disagreement, tolerance

TABLE = "learning rate   loss\n        1e-06   26.42\n        2e-06    8.82\n"


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        ("loss 8.817", "loss 8.817"),
        ("loss 8.817", "loss 8.818"),
        ("loss 0.999", "loss 1.000"),
        ("loss 0.999", "loss 1.00"),
        ("loss  9.99", "loss 10.00"),
        ("loss -0.0", "loss 0.0"),
        ("+0.62 and -0.73", "+0.63 and -0.72"),
        ("difference 9.99e-08", "difference 1.000e-07"),
        ("difference 1.00e-07", "difference 9.99e-08"),
        ("101,000.5 weights", "101,000.6 weights"),
        ("[0.25, -0.50]", "[0.26, -0.49]"),
        (TABLE, TABLE.replace("  8.82", " 8.81")),
        ("nan and inf and -inf", "nan and inf and -inf"),
        ("torch 2.13.0 on float64", "torch 2.13.0 on float64"),
    ],
)
def test_what_people_call_the_same_agrees(expected, got):
    assert disagreement(expected, got) is None


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        ("loss 8.817", "loss 8.819"),
        ("loss 0.999", "loss 1.1"),
        ("loss 0.5", "loss 1"),
        ("23 steps", "24 steps"),
        ("101,000 weights", "101,001 weights"),
        ("shape (5, 4)", "shape (4, 5)"),
        ("-0.73 points", "0.73 points"),
        ("+0.62 points", "-0.62 points"),
        ("3.15e+07", "3.17e+07"),
        ("3.15e+07", "3.15e+06"),
        ("3.15e-07", "3.15e+07"),
        ("loss 8.817", "loss nan"),
        ("loss nan", "loss 8.817"),
        ("loss inf", "loss -inf"),
        ("loss inf", "loss nan"),
        ("[0.25, 0.50]", "[0.25]"),
        ("loss 8.817 at 3", "loss 8.817 at"),
        ("12.5 %", "12.5 points"),
        ("mean 1.5", "mode 1.5"),
        ("float32 1.5", "float64 1.5"),
        ("w1 1.5", "w2 1.5"),
        ("12 3", "123"),
        ("torch 2.13.0", "torch 2.14.0"),
        ("a  b", "a b"),
        ("one\ntwo\n", "one\n"),
        ("one\n", "one\ntwo\n"),
        (TABLE, TABLE.replace("  8.82", "  8.84")),
        (TABLE, TABLE.replace("26.42", "29.42")),
    ],
)
def test_a_change_beyond_the_printed_precision_is_told(expected, got):
    assert disagreement(expected, got) is not None


@pytest.mark.parametrize(
    ("tag", "expected", "got", "agrees"),
    [
        ("tolerance:±3", "step 220", "step 223", True),
        ("tolerance:±3", "step 220", "step 224", False),
        ("tolerance:±1e-6", "largest difference 2e-08", "largest difference 6e-07", True),
        ("tolerance:±1e-6", "largest difference 2e-08", "largest difference 2e-06", False),
        ("tolerance:5%", "loss 200.0", "loss 209.9", True),
        ("tolerance:5%", "loss 200.0", "loss 211.0", False),
        ("tolerance:5%", "loss 200.0", "loss nan", False),
        ("tolerance:5%", "loss 200.0 ends", "loss 200.0 end", False),
        ("figure", "loss 200.0", "loss 209.9", False),
    ],
)
def test_a_cell_may_state_a_tolerance(tag, expected, got, agrees):
    assert (disagreement(expected, got, (tag,)) is None) == agrees


@pytest.mark.parametrize("tag", ["tolerance:", "tolerance:5", "tolerance:±", "tolerance:±-3", "tolerance:±3%"])
def test_a_tag_that_only_looks_like_a_tolerance_is_refused(tag):
    with pytest.raises(ValueError, match=r'write "tolerance:5%" or "tolerance:±0.3"'):
        tolerance((tag,))


def test_what_differs_is_named_with_its_line():
    told = disagreement(TABLE, TABLE.replace("26.42", "26.44"))
    assert told == "line 2: expected 26.42, got 26.44, and 0.01 is the most that it may differ by"
