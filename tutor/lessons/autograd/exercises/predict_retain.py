"""Which call fails when one graph is gone through three times: `retain_graph` counts for one call."""

from tutor.checking import Misconception, value

EXERCISE = value(
    difficulty="medium",
    minutes=3,
    drills=("retain-graph", "accumulation"),
    misconceptions=(
        Misconception(
            "second-call-fails",
            "The first call was told to retain the graph, so the second finds it. The second was told nothing.",
            value=(2, 6),
            hints=("For which call is the graph retained, for the one that says so or for the one after it?",),
        ),
        Misconception(
            "retained-for-ever",
            "`retain_graph=True` counts for the call that says it, not for ever. The second call does not say it.",
            value=(0, 18),
            hints=("What does the second call do with what the node keeps?",),
        ),
        Misconception(
            "overwritten",
            "The third call fails, right. But gradients are added, not overwritten: 6 and 6 again.",
            value=(3, 6),
            hints=("What does AccumulateGrad do with a gradient?",),
        ),
        Misconception(
            "counted-though-failed",
            "The third call fails, right, and a call that fails in the first node adds nothing.",
            value=(3, 18),
            hints=("How many of the calls bring a gradient?",),
        ),
        Misconception(
            "fails-but-counts",
            "12 is two times 6, so two calls must have worked: the first two. A call that fails brings nothing.",
            value=(2, 12),
            hints=("For which call is the graph retained, for the one that says so or for the one after it?",),
        ),
        Misconception(
            "fails-silently",
            "12 is right, since only two calls bring a gradient. But the third does not pass over that in silence.",
            value=(0, 12),
            hints=("What does torch do when the value that it kept has been thrown away?",),
        ),
        Misconception(
            "no-limit",
            "A graph can be walked back once, and once more for each `retain_graph=True`. There is one of these, and three calls.",
            value=(0, 6),
            hints=("What happens to the saved value of `x` after a call without `retain_graph`?",),
        ),
    ),
    hints=(
        "What does each call leave behind, in the node and in `x.grad`?",
        "The slope of x^2 at 3 is 6. Go through the calls one by one: is the saved value still there?",
        "Call 1 keeps, call 2 throws away, call 3 finds nothing.",
    ),
    explain="The first call keeps the graph for one more; the second uses it up; the third finds nothing. The two that worked added 6 each.",
)
