"""Shared fixtures: a home of its own for every test, and a maker of small lessons."""

from __future__ import annotations

import os
import random
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import settings

from tests.versions import LINE

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "agg")

# the same examples in every run; to look for new ones: pytest --hypothesis-profile search
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None)
settings.load_profile("same")

FORMS = Path(__file__).parent / "forms"


def pytest_report_header() -> str:
    """Name the versions that are tested, with which a failure has to be told."""
    return LINE


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory, monkeypatch):
    """No test touches the progress of the person who runs it."""
    monkeypatch.setenv("TUTOR_HOME", str(tmp_path_factory.mktemp("home")))
    for name in ("TUTOR_EXPECT", "TUTOR_REPORT", "TUTOR_SKIP", "TUTOR_LESSONS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _same_numbers(request):
    """A test that draws random numbers draws the same ones in every run, in whatever order the tests are run."""
    seed = random.SystemRandom().getrandbits(32) if request.config.getoption("--hypothesis-profile") == "search" else 0
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


@pytest.fixture
def use_lessons(monkeypatch):
    """Add lesson folders to the series for one test."""
    from tutor.lessons import registry

    def use(*folders: Path):
        monkeypatch.setenv("TUTOR_LESSONS", os.pathsep.join(map(str, folders)))
        registry.series.cache_clear()
        return [registry.find_lesson(folder.name) for folder in folders]

    yield use
    registry.series.cache_clear()


@pytest.fixture
def forms(use_lessons):
    """The lesson that has every form of exercise."""
    return use_lessons(FORMS)[0]


LESSON = '''
# %% [markdown] name="opening"
# # A small lesson
#
# **You will be able to** add. **You need** nothing. **It takes** about 5 minutes.

# %% name="imports"
from tutor import check, exercise

# %% tags=["item:adding"]
@exercise("small.add")
def add(a, b):
    """Return a + b."""
    ### BEGIN SOLUTION
    return a + b
    ### END SOLUTION

# %% name="prints" tags=["nbval-check-output"]
print("the sum is", add(1, 2))

# %% [markdown] name="end"
# ## Recap
# ### What changed since the last notebook
# ## Self-check
# ## Where to read on
'''

ABOUT = """
from tutor.lessons.registry import About

ABOUT = About(minutes=5, items={"adding": "how to add"})
"""

DATA = """
from tutor.checking import Misconception, code

EXERCISE = code(
    difficulty="easy",
    minutes=1,
    drills=("adding",),
    probe=lambda d: (d.number(), d.number()),
    misconceptions=(
        Misconception("minus", "That is the difference.", patch=("a + b", "a - b"), hints=("Which way?",)),
        Misconception("times", "That is the product.", patch=("a + b", "a * b")),
        Misconception("first", "That is the first.", patch=("a + b", "a")),
    ),
    alternatives=(lambda a, b: b + a, lambda a, b: sum([a, b]), lambda a, b: a - (-b)),
    hints=("What is asked?", "Which sign?", "`return a + b`"),
)
"""


@pytest.fixture
def make_lesson(tmp_path, use_lessons):
    """Write a small lesson, with replacements in its text or its data, or further files, and return it."""

    def make(text=(), data=(), expected='{"prints": "the sum is 3\\n"}', name="small", files=None):
        folder = tmp_path / "lessons" / name
        (folder / "exercises").mkdir(parents=True, exist_ok=True)
        lesson, numbers = LESSON, DATA
        for old, new in text:
            assert old in lesson, old
            lesson = lesson.replace(old, new)
        for old, new in data:
            assert old in numbers, old
            numbers = numbers.replace(old, new)
        (folder / "lesson.py").write_text(textwrap.dedent(lesson), encoding="utf-8")
        (folder / "__init__.py").write_text(ABOUT, encoding="utf-8")
        for place, content in ({"exercises/add.py": numbers} | (files or {})).items():
            (folder / place).write_text(content, encoding="utf-8")
        if expected is not None:
            (folder / "expected.json").write_text(expected, encoding="utf-8")
        return use_lessons(folder)[0]

    return make
