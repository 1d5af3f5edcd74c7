"""What a user is told of a program that goes wrong: run it inside `explain`, or hand its loss over."""

from tutor import graph


def told(program, model=None):
    """The explanation of a program that runs inside a block, whether or not it raises."""
    explanation = None
    try:
        with graph.explain(model) as explanation:
            program()
    except RuntimeError as error:
        assert explanation.error.endswith(str(error))
    return explanation


def kinds(explanation):
    return [finding.kind for finding in explanation.wrong]


def says(explanation, *words):
    """True if the first sentence holds all of these words."""
    missing = [word for word in words if word not in explanation.sentence]
    assert not missing, f"{missing} not in: {explanation.sentence}"
    return True
