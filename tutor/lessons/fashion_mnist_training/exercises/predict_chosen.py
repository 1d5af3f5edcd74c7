"""The accuracy reported when the best of 20 equal networks is chosen on the test set: luck counts."""

from tutor.checking import Misconception, value

EXERCISE = value(
    difficulty="medium",
    minutes=3,
    drills=("test-once", "validation"),
    misconceptions=(
        Misconception(
            "fair",
            "90 is what all 20 show on average. You do not report the average, you report the best, and the best of 20 was lucky.",
            value=90,
        ),
        Misconception(
            "wild",
            "One measurement on 1,000 images has a spread of about one point. The best of 20 lies about two of them above the truth, not seven.",
            value=97,
        ),
        Misconception(
            "more-exact",
            "You are as near as one can be: 91.7 is what comes out on average, and of the three 92 is the nearest. Write that.",
            value=91.7,
        ),
        Misconception(
            "nearly-as-exact", "You are nearly there: of the three 92 is the nearest. Write that.", value=91.8
        ),
        Misconception("as-a-fraction", "The right one, as a fraction. Please give it in percent.", value=0.92),
    ),
    hints=(
        "Twenty equally good archers shoot once. Do you expect the best shot to be an average one?",
        "The spread of one measurement is the root of 0.9 · 0.1 / 1000, about one point.",
    ),
    explain="Nearly two points too good, though all are equal and nobody trained on a test image. Choosing is enough.",
)
