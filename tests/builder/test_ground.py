"""Core and deeper ground: what a mark covers, how long each takes, and that the core stands alone."""

import pytest

from tutor.builder import coverage, ground
from tutor.builder.lint import lint
from tutor.lessons import SERIES
from tutor.lessons.registry import find_lesson, series

MOST = 9 * 60  # minutes, from lesson 00 through 12
DEEP = """# %% [markdown] name="deep"
# ## 1. Deep
#
# *Deeper ground: three words.*
#
# ### Shallow
#
# *Core*
#
# ### Deep again
#
# {words}

# %% name="deep-code"
{code}

# %% [markdown] name="back"
# ## 2. Back
#
# *Core*

# %% name="back-code"
{reading}
"""
CLOSINGS = [
    (f"# {words}", f"# {words}\n#\n# *Core*\n#") for words in ("## Recap", "## Self-check", "## Where to read on")
]
ABOUT = (
    'from tutor.lessons.registry import About\n\nABOUT = About(minutes={}, core={}, items={{"adding": "how to add"}})\n'
)


@pytest.fixture
def make_deep(make_lesson):
    """A small lesson with deeper ground before its end."""

    def make(code="k = 1", reading="add(1, 2)", words="word", minutes=5, core=5, text=()):
        said = f"about {core} minutes for the core, {minutes} with everything"
        deep = DEEP.format(code=code, reading=reading, words=words)
        end = '# %% [markdown] name="end"'
        changes = [("about 5 minutes", said), (end, f"{deep}\n{end}"), *CLOSINGS, *text]
        return make_lesson(text=changes, files={"__init__.py": ABOUT.format(minutes, core)})

    return make


def test_the_core_of_the_series_takes_at_most_nine_hours():
    lessons = [lesson for lesson in series() if lesson.name in SERIES]
    efforts = [ground.efforts(lesson) for lesson in lessons]
    stated = sum(lesson.about.core_minutes for lesson in lessons)
    assert sum(core.minutes for core, _ in efforts) <= MOST
    assert stated <= MOST < sum(everything.minutes for _, everything in efforts)


def test_a_mark_holds_to_the_next_heading_of_its_level_or_a_higher_one(make_deep):
    found = [(piece.text.split("\n")[0], piece.ground) for piece in ground.pieces(make_deep())]
    assert found[-10:] == [
        ("## 1. Deep", "deeper"),
        ("### Shallow", "core"),
        ("### Deep again", "deeper"),
        ("k = 1", "deeper"),
        ("## 2. Back", "core"),
        ("add(1, 2)", "core"),
        ("## Recap", "core"),
        ("### What changed since the last notebook", "core"),
        ("## Self-check", "core"),
        ("## Where to read on", "core"),
    ]


def test_the_core_is_counted_without_the_deeper_ground(make_deep):
    core, everything = ground.efforts(make_deep(code="k = 1\nl = 2", words="word " * 300))
    assert everything.lines - core.lines == 2 and 300 < everything.words - core.words < 320
    assert core.exercises == everything.exercises == 1
    assert everything.minutes - core.minutes == pytest.approx((everything.words - core.words) / 150 + 2 / 12)


def test_both_times_have_to_be_true(make_deep):
    assert lint(make_deep()) == []
    (told,) = lint(make_deep(words="word " * 3000))
    assert "ABOUT says 5 minutes; the exercises take 1" in told
    (told,) = lint(make_deep(words="word " * 3000, minutes=20, core=20))
    assert "ABOUT says 20 minutes of core; the exercises take 1" in told
    assert lint(make_deep(words="word " * 3000, minutes=21)) == []


def test_a_lesson_with_deeper_ground_states_how_long_its_core_takes(make_deep):
    lesson = make_deep(text=[("about 5 minutes for the core, 5 with everything", "about 5 minutes")], core=5)
    assert "does not say `**It takes** about 5 minutes for the core, 5 with everything`" in lint(lesson)[0]
    about = lesson.folder / "__init__.py"
    about.write_text(about.read_text(encoding="utf-8").replace("core=5, ", ""), encoding="utf-8")
    lesson.__dict__.pop("package")
    assert "does not say how long the core takes: core=" in lint(lesson)[0]


def test_a_section_without_a_mark_is_told_where_others_have_one(make_deep):
    (told,) = lint(make_deep(text=[("# ## Recap\n#\n# *Core*", "# ## Recap")]))
    assert told == 'small: below "## Recap" stands neither `*Core*` nor `*Deeper ground: …*`.'


@pytest.mark.parametrize(
    ("code", "reading", "name"),
    [
        ("k = 1", "print(k)", "k"),
        ("k = 1", "l = k\nk = 2", "k"),
        ("def k(x):\n    return x", "[k(x) for x in range(3)]", "k"),
        ("import math", "def f():\n    return math.pi", "math"),
        ("add = max", "add(1, 2)", "add"),  # bound in the core, and anew
    ],
)
def test_the_core_may_not_read_what_deeper_ground_binds(make_deep, code, reading, name):
    told = f'small: cell "back-code" of the core reads {name}, which cell "deep-code" binds on deeper ground.'
    assert told in lint(make_deep(code=code, reading=reading))


@pytest.mark.parametrize("reading", ["k = 2\nprint(k)", "for k in range(3):\n    print(k)", "[k for k in range(3)]"])
def test_the_core_may_bind_such_a_name_itself(make_deep, reading):
    assert lint(make_deep(reading=reading)) == []


def test_the_core_may_not_call_a_method_that_deeper_ground_asks(make_deep):
    asked = '@exercise("small.add", of=int)\ndef add(a, b):\n    return a'
    lesson = make_deep(reading="(1).add(2)")
    deep = next(piece.cell for piece in ground.pieces(lesson) if piece.cell.name == "deep-code")
    object.__setattr__(deep, "source", asked)
    first = next(cell for cell in lesson.cells if cell.exercise_id and cell is not deep)
    lesson.cells.remove(first)
    lesson.__dict__.pop("exercises", None)
    assert ("back-code", ".add", "deep-code") in list(ground.leanings(lesson))


def test_a_core_with_too_many_exercises_is_told(make_deep, monkeypatch):
    monkeypatch.setattr("tutor.builder.lint.SERIES", ("first", "small"))
    monkeypatch.setattr("tutor.builder.lint.MOST_OF_CORE", 0)
    assert "small: its core has 1 exercises; 0 is the most." in lint(make_deep())


def test_the_index_tells_the_ground_of_every_exercise_and_both_times():
    rows = coverage.exercises_by_effort().split("\n")
    assert "| `numpy_backprop.finite_difference` | answer | medium | 10 | deeper |" in rows
    assert "| `numpy_backprop.two_layer_gradients` | answer | medium | 15 | core |" in [
        row.replace("hard", "medium") for row in rows
    ]
    lesson = find_lesson("numpy_backprop")
    assert f"| {lesson.about.core} | {lesson.about.minutes} |" in coverage.lessons()
    assert coverage.lessons().split("\n")[-1].startswith("| | all |")
