"""How many graphs a model becomes whose loop depends on an argument: one for each value, not for each call."""

from tutor.checking import Misconception, value

EXERCISE = value(
    difficulty="easy",
    minutes=2,
    drills=("compile",),
    misconceptions=(
        Misconception(
            "recorded-once",
            "That is what `trace` would do: one recording for ever. A guard says for which order it is valid, and another "
            "order is recorded anew.",
            value=1,
        ),
        Misconception(
            "recorded-at-each-call",
            "A recording whose guards hold is used again: the second call with order 3 finds that of the first.",
            value=6,
        ),
        Misconception("loop-made-general", "A graph has no loop in it, so it fits one order only.", value=2),
    ),
    hints=("Is the graph of order 3 valid for order 4, and is it valid for order 3 the second time?",),
    explain="One for each order: a guard sends the second three calls back to the recordings of the first three.",
)
