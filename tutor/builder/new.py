"""`tutor new`: write the skeleton of a lesson and of an exercise, for an author to fill in."""

from __future__ import annotations

import keyword
from pathlib import Path

from tutor.errors import TutorError
from tutor.lessons import SHELVES
from tutor.lessons.registry import HOME
from tutor.store import write_atomically

LESSON = """# %% [markdown] name="opening"
# # Title of the lesson
#
# What it is about, in two sentences.
#
# **You will be able to** say what the reader can do afterwards. **You need** name what comes before.
# **It takes** about 30 minutes.

# %% name="imports"
from tutor import check, exercise, program

# %% [markdown] name="recap"
# ## Recap
#
# ### What changed since the last notebook
#
# ## Self-check
#
# ## Where to read on
"""

ABOUT = '''"""What the lesson says of itself."""

from tutor.lessons.registry import About

ABOUT = About(minutes=30, items={})
'''

CELL = '''# %% [markdown] name="ask-NAME"
# Say why before how, then what to write.

# %%
@exercise("LESSON.NAME")
def NAME(x):
    """Say what to return.

    x : what it is, shape (N, D)
    Returns an array of shape (N, D).
    """
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION

'''

REPAIR_CELL = '''# %% [markdown] name="ask-NAME"
# Say what the program should do and what it does instead.

# %%
@exercise("LESSON.NAME")
def NAME(x):
    """Say what to return.

    x : what it is, shape (N, D)
    Returns an array of shape (N, D). What happens instead: say it.
    """
    ### BEGIN SOLUTION
    return 2 * x
    ### BROKEN
    # return x
    ### END SOLUTION

'''

PROGRAM_CELL = """# %% [markdown] name="ask-NAME"
# Say what the program has to do, what it may use, what it has to leave behind, and what counts.

# %%
program("LESSON.NAME")

### BEGIN SOLUTION
answer = 2
### END SOLUTION

"""

PROGRAM = '''"""Say in one sentence what the program is about and what goes wrong in it."""

from tutor.checking import Missed, Wrong, program


def judge(run):
    """The first criterion that is missed."""
    answer = run["answer"]
    return None if answer == 2 else Missed("another", f"`answer` is {answer}, not 2.", "A question?")


EXERCISE = program(
    difficulty="hard",
    minutes=30,
    drills=(),
    leaves=("answer",),
    judge=judge,
    wrong=(Wrong("half", patch=("2", "1"), told="another"),),
    alternatives=("answer = 1 + 1",),
    hints=("A question?", "A pointer to the idea.", "`the line itself`"),
)
'''

EXERCISE = '''"""Say in one sentence what the exercise is about and what goes wrong in it."""

from tutor.checking import Misconception, code


def probe(d):
    """Say what the inputs are."""
    return (d.array(*d.sizes(2)),)


EXERCISE = code(
    difficulty="easy",
    minutes=5,
    drills=(),
    probe=probe,
    misconceptions=(
        Misconception(
            "short-name-of-the-mistake",
            "What is wrong, and why, in one or two sentences.",
            patch=("2 * x", "x"),
            hints=("A question that leads away from the mistake?",),
        ),
    ),
    alternatives=(lambda x: x + x,),
    hints=("A question?", "A pointer to the idea.", "`the line itself`"),
)
'''


REPAIR = (
    EXERCISE.replace("Misconception, code", "Misconception, repair")
    .replace("= code(", '= repair(\n    fault="Say what it still does when nothing was mended.",\n    shown_by=(),')
    .replace('patch=("2 * x", "x")', 'patch=("2 * x", "x * x")')
)
KINDS = {"answer": (CELL, EXERCISE), "repair": (REPAIR_CELL, REPAIR), "program": (PROGRAM_CELL, PROGRAM)}


def add(lesson: str, exercise: str, folder: Path | None = None, kind: str = "answer") -> list[str]:
    """Write the skeletons of an exercise of a kind; return what was done and what is left to do, a line each.

    Raises
    ------
    TutorError
        If a name cannot be one, or the exercise is there already.
    """
    for name in (lesson, exercise):
        if not name.isidentifier() or keyword.iskeyword(name) or not name.islower():
            raise TutorError(
                f'"{name}" cannot be a name: use lower-case letters, digits and underscores, and no word of Python.'
            )
    place = (folder or HOME) / lesson
    text, data = place / "lesson.py", place / "exercises" / f"{exercise}.py"
    fresh = not text.exists()
    cells = _with_cell(
        LESSON if fresh else text.read_text(encoding="utf-8"), text, f"{lesson}.{exercise}", KINDS[kind][0]
    )
    if data.exists():
        raise TutorError(f"{data} is there already: delete it, or choose another name.")
    said = []
    if fresh:
        write_atomically(place / "__init__.py", ABOUT)
        write_atomically(data.with_name("__init__.py"), '"""The exercises of the lesson, a module each."""\n')
        said.append(f"wrote a lesson in {place}")
    write_atomically(text, cells)
    write_atomically(data, KINDS[kind][1])
    said.append(f"wrote the exercise {lesson}.{exercise} into {text} and {data}")
    built = "tutor build"
    if folder is not None:
        said.append(f"to try it: set TUTOR_LESSONS={place}")
        built = "tutor build FOLDER"  # without one it would go among the series' own notebooks
    elif all(lesson not in names for names in SHELVES.values()):
        said.append(f'to put it into the series: add "{lesson}" to SERIES or AFTERNOON in {HOME / "__init__.py"}')
    said.append(f"then fill it in, and run: {built}; tutor quality {lesson}")
    return said


def _with_cell(text: str, path: Path, identifier: str, cell: str) -> str:
    """Return a lesson's text with the exercise's cells before the recap, or at the end where there is none."""
    if f'"{identifier}"' in text:
        raise TutorError(f"{path} asks {identifier} already.")
    lesson, exercise = identifier.split(".")
    cell = cell.replace("LESSON", lesson).replace("NAME", exercise)
    at = text.find('# %% [markdown] name="recap"')
    return text[:at] + cell + text[at:] if at >= 0 else f"{text.rstrip()}\n\n{cell}"
