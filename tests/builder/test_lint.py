"""Every rule of the lint is seen to fail."""

import re

import pytest

from tests.conftest import DATA
from tutor.builder import notebooks
from tutor.builder.coverage import questions_for
from tutor.builder.lint import LONGEST_FILE, lint
from tutor.lessons.glossary import Term
from tutor.lessons.registry import find_lesson, series


@pytest.mark.parametrize("lesson", [lesson.name for lesson in series()])
def test_the_course_is_clean(lesson):
    assert lint(find_lesson(lesson)) == []


def test_at_most_one_printed_line_in_twenty_says_true_or_false():
    """A reader wants the number; True and False stand where the truth itself is the point, as in `is_leaf True`."""
    printed = [
        row for lesson in series() for text in notebooks.read_expected(lesson).values() for row in text.splitlines()
    ]
    bare = [row for row in printed if re.search(r"(?<!=)\b(True|False)\b", row)]  # not the `keepdim=True` of a call
    assert 20 * len(bare) <= len(printed) > 500, bare


def test_the_small_lesson_is_clean_so_that_each_complaint_below_has_one_cause(make_lesson):
    assert lint(make_lesson()) == []


@pytest.mark.parametrize(
    ("where", "old", "new", "complaint"),
    [
        ("text", '    """Return a + b."""\n', "", "small.add has no docstring"),
        ("text", "    ### BEGIN SOLUTION\n", "", "do not pair up"),
        (
            "text",
            "    ### BEGIN SOLUTION\n    return a + b\n    ### END SOLUTION\n",
            "    return a + b\n",
            "shipped solved",
        ),
        ("text", ' tags=["item:adding"]', "", 'no cell carries the tag "item:adding"'),
        ("text", '"item:adding"', '"item:adding", "item:other"', 'unknown tag "item:other"'),
        ("text", '["nbval-check-output"]', '["nbval-check-output", "tolerance:5"]', '"tolerance:5" is no tolerance'),
        ("text", '["item:adding"]', '["item:adding", "tolerance:5%"]', "nothing that it prints is compared"),
        ("text", "from tutor import check, exercise", "import matplotlib.pyplot as plt", "draws with pyplot"),
        ("text", "## Recap", "## Recap\n# ![](picture.png)", "image without alt text"),
        ("text", "## Recap", '## Recap\n# <img src="a.png">', "image without alt text"),
        ("text", "# ## Recap\n", "", 'no section "Recap"'),
        ("text", "### What changed since the last notebook", "", 'no section "What changed since"'),
        ("text", "**You need** nothing.", "", "does not say **You need**"),
        ("text", 'print("the sum', "\n".join(["1 + 1"] * 30) + '\nprint("the sum', "24 is the most"),
        ("text", 'print("the sum is", add(1, 2))', "print(", "is not Python"),
        (
            "text",
            'print("the sum is", add(1, 2))',
            'k = add(1, 2)\n# %% name="figure"\ndict(k=k, guess=...)\n# %% name="after"\nk = 5',
            'uses k, which cell "after" binds anew',
        ),
        ("text", 'name="end"', 'name="open/ing"\n# a\n# %% [markdown] name="open-ing"', "two cells have the id"),
        ("data", 'drills=("adding",)', 'drills=("taking",)', "is no item of the lesson"),
        ("data", 'drills=("adding",)', "drills=()", 'nothing drills "adding"'),
        ("text", "# ## Recap", "# <!-- drills: adding -->\n# ## Recap", "right above a numbered question"),
        (
            "text",
            "# ## Recap",
            "# <!-- drills: taking -->\n# <details><summary>1. Why?",
            'drills "taking", which is no',
        ),
        ("text", "about 5 minutes", "about 6 minutes", "does not say `**It takes** about 5 minutes`"),
        ("text", "# ## Recap", f"# {'word ' * 2000}\n# ## Recap", "2034 words and"),
        ("data", 'difficulty="easy",', "", "difficulty"),
        ("data", 'difficulty="easy",', 'difficulty="hard",', "small.add is solved by one statement and is called hard"),
        ("data", "lambda a, b: b + a, ", "", "2 alternatives; 3 of each"),
        ("data", '"That is the product."', '"You wrote a product."', 'says "You wrote", which another answer'),
        ("data", 'patch=("a + b", "a * b")', 'patch=("a plus b", "a * b")', "does not apply"),
        ("data", '    hints=("What is asked?", "Which sign?", "`return a + b`"),\n', "", "hints"),
    ],
)
def test_each_mistake_gets_its_complaint(make_lesson, where, old, new, complaint):
    complaints = " ".join(lint(make_lesson(**{where: [(old, new)]})))
    assert complaint in complaints


def test_a_file_that_describes_what_is_never_asked_is_told(make_lesson):
    complaints = " ".join(lint(make_lesson(files={"exercises/sub.py": "EXERCISE = None"})))
    assert 'exercises/sub.py describes "sub", which lesson.py never asks' in complaints


def test_a_file_that_is_too_long_to_be_read_in_one_go_is_told(make_lesson):
    lines = LONGEST_FILE - len(DATA.splitlines())
    assert lint(make_lesson(data=[("\nEXERCISE", "\n" * lines + "\nEXERCISE")])) == []
    complaints = lint(make_lesson(data=[("\nEXERCISE", "\n" * (lines + 1) + "\nEXERCISE")]))
    assert complaints == ["small: exercises/add.py has 251 lines; 250 is the most."]


def test_a_solution_that_fails_its_own_check_is_told(make_lesson):
    lesson = make_lesson(
        text=[
            (
                "    return a + b\n",
                "    global calls\n    calls = globals().get('calls', 0) + 1\n    return a + b + calls\n",
            )
        ]
    )
    assert "the solution of small.add does not pass" in " ".join(lint(lesson))


@pytest.mark.parametrize(
    ("expected", "complaint"),
    [
        (None, "has no recorded output"),
        ('{"prints": "x", "gone": "y"}', 'recorded for "gone"'),
        ("{", "not valid JSON"),
    ],
)
def test_kept_outputs_have_to_match_the_cells(make_lesson, expected, complaint):
    assert complaint in " ".join(lint(make_lesson(expected=expected)))


def test_a_word_of_the_glossary_that_the_lesson_never_uses_is_told(make_lesson, monkeypatch):
    words = (Term("addition", "A sum.", "small", written="add"), Term("zebra", "An animal.", "small"))
    monkeypatch.setattr("tutor.builder.lint.TERMS", words)
    complaints = " ".join(lint(make_lesson()))
    assert 'introduces "zebra"' in complaints and "addition" not in complaints


def test_a_word_that_a_later_lesson_is_said_to_introduce_is_told_where_it_is_bold(make_lesson, monkeypatch):
    monkeypatch.setattr("tutor.builder.lint.TERMS", (Term("epoch", "A walk.", "later"),))
    monkeypatch.setattr("tutor.builder.lint.SERIES", ("small", "later"))
    lesson = make_lesson(text=[("## Recap", "One walk is an **epoch**.\n# ## Recap")])
    assert 'sets "epoch" in bold as a new word; the glossary says that later introduces it' in " ".join(lint(lesson))


def test_a_question_of_the_self_check_can_drill_an_item(make_lesson):
    question = "# ## Self-check\n# <!-- drills: adding -->\n# <details><summary>1. Why?</summary>Because.</details>"
    lesson = make_lesson(text=[("# ## Self-check", question)], data=[('drills=("adding",)', "drills=()")])
    assert lint(lesson) == []
    assert questions_for(lesson, "adding") == ["1"]
    assert "drills:" not in notebooks.as_bytes(notebooks.student(lesson)).decode("utf-8")
