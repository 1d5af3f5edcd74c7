"""Bind every lesson's text and data together: lessons by name, exercises by id."""

from __future__ import annotations

import ast
import contextlib
import difflib
import functools
import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tutor.checking.exercise import Exercise
from tutor.checking.programs import ProgramExercise
from tutor.checking.spec import Spec, SpecError
from tutor.lessons import SHELVES
from tutor.lessons.cells import PROGRAM
from tutor.lessons.text import Cell, LessonError, definition, find_target, read_lesson

HOME = Path(__file__).parent
REFERENCE = "reference"  # tag of a cell that defines what the solutions below it stand on


@dataclass(frozen=True)
class About:
    """What a lesson says of itself.

    Attributes
    ----------
    minutes : reading and answering time of a first-time reader, with everything.
    core : the same without the deeper ground; None where a lesson has none.
    items : curriculum items that it teaches, name -> words; a cell that teaches one carries the tag `item:name`.
    """

    minutes: int
    items: dict[str, str] = field(default_factory=dict)
    core: int | None = None

    @property
    def core_minutes(self) -> int:
        """What the core takes; all of it, where there is no deeper ground."""
        return self.minutes if self.core is None else self.core


@dataclass(frozen=True)
class Lesson:
    """A lesson: a folder with `lesson.py` (the text), `__init__.py` (`ABOUT`) and `exercises` (a file an exercise).

    Attributes
    ----------
    number : its place in its own series, from 0 in the long one and from 1 in the afternoon.
    shelf : the folder of its series' notebooks, within that of all notebooks; "" for the long series.
    """

    name: str
    folder: Path
    number: int
    shelf: str = ""

    @property
    def path(self) -> Path:
        """The lesson's text."""
        return self.folder / "lesson.py"

    @property
    def label(self) -> str:
        """Its number as readers see it: "07", and "A2" in the afternoon."""
        return f"{self.shelf[0].upper()}{self.number}" if self.shelf else f"{self.number:02d}"

    @property
    def filename(self) -> str:
        """Where its notebook stands in a folder of notebooks."""
        return f"{self.shelf}/{self.number}_{self.name}.ipynb" if self.shelf else f"{self.number:02d}_{self.name}.ipynb"

    @functools.cached_property
    def cells(self) -> list[Cell]:
        """The lesson's cells in order."""
        return read_lesson(self.path)

    @functools.cached_property
    def title(self) -> str:
        """The first heading."""
        lines = (line for cell in self.cells if cell.kind == "markdown" for line in cell.source.split("\n"))
        return next((line.lstrip("# ") for line in lines if line.startswith("# ")), self.name)

    @functools.cached_property
    def package(self) -> str:
        """The name under which the folder's modules are imported; a teacher's folder is made a package here."""
        if self.folder.parent == HOME:
            return f"tutor.lessons.{self.name}"
        self._insist("__init__.py", "ABOUT")
        name = f"tutor_extra_lessons.{self.name}"
        for known in [module for module in sys.modules if module == name or module.startswith(f"{name}.")]:
            del sys.modules[known]
        importlib.invalidate_caches()  # a file may have been written a moment ago
        places = [str(self.folder)]
        spec = importlib.util.spec_from_file_location(
            name, self.folder / "__init__.py", submodule_search_locations=places
        )
        sys.modules[name] = importlib.util.module_from_spec(spec)
        with self._told("__init__.py"):
            spec.loader.exec_module(sys.modules[name])
        return name

    @contextlib.contextmanager
    def _told(self, file: str) -> Iterator[None]:
        """Tell in one sentence, with the file, what is wrong with an author's module; it may fail in any way."""
        try:
            yield
        except Exception as error:
            if isinstance(error, ModuleNotFoundError) and not str(error.name).startswith("tutor"):
                raise  # a library that is not installed, which is no mistake of the author's
            raise SpecError(f"{self.name}/{file}: {error}") from error

    def _insist(self, file: str, wanted: str) -> None:
        if not (self.folder / file).is_file():
            raise SpecError(f"{self.name}/{file} is missing: it has to define {wanted}.")

    def _import(self, module: str, file: str, wanted: str) -> Any:
        """What a module of the lesson calls `wanted`; the module is imported when first needed: it may import torch."""
        self._insist(file, wanted)
        name = f"{self.package}{module}"
        with self._told(file):
            found = importlib.import_module(name)
        if not hasattr(found, wanted):
            raise SpecError(f"{self.name}/{file}: there is no {wanted} in it.")
        return getattr(found, wanted)

    @property
    def about(self) -> About:
        """What the lesson says of itself, in its `__init__.py`.

        Raises
        ------
        SpecError
            If it is missing or cannot be imported.
        """
        return self._import("", "__init__.py", "ABOUT")

    def described(self) -> list[str]:
        """Names of the exercises that the folder `exercises` describes, a file each."""
        return sorted(path.stem for path in (self.folder / "exercises").glob("*.py") if path.stem != "__init__")

    def spec(self, name: str) -> Spec:
        """The data of one exercise, from the one file that describes it.

        Raises
        ------
        SpecError
            If the file is missing, or wrong.
        """
        file = f"exercises/{name}.py"
        found = self._import(f".exercises.{name}", file, "EXERCISE")
        if not isinstance(found, Spec):
            raise SpecError(
                f"{self.name}/{file}: EXERCISE= must be made by code(...), repair(...), value(...) or program(...)."
            )
        return found

    def namespace(self, before: str) -> dict[str, Any]:
        """Execute, in a fresh dict, what the lesson defines above the exercise cell `before`, with the solutions."""
        space: dict[str, Any] = {"__name__": f"tutor.lessons.{self.name}.reference"}
        for cell in self.cells:
            if cell.exercise_id == before:
                break
            if cell.exercise_id:
                target = find_target(cell.source, cell.exercise_id)
                if target.kind in ("value", PROGRAM):
                    continue
                exec(compile(definition(cell.solved, cell.exercise_id), f"<{self.name}:{cell.name}>", "exec"), space)
                if target.owner:
                    setattr(space[target.owner], target.name, space[target.name])
            elif cell.kind == "code" and (REFERENCE in cell.tags or only_imports(cell.source)):
                exec(compile(cell.source, f"<{self.name}:{cell.name}>", "exec"), space)
        return space

    @functools.cached_property
    def stubs(self) -> dict[str, str]:
        """Exercise id -> the text that its cell is shipped with, in order; what `cells.parse` asks for."""
        return {c.exercise_id: c.student for c in self.cells if c.exercise_id}

    @functools.cached_property
    def exercises(self) -> dict[str, Exercise]:
        """The lesson's exercises by id, in order."""
        return {c.exercise_id: self._exercise(c) for c in self.cells if c.exercise_id}

    def _exercise(self, cell: Cell) -> Exercise:
        identifier = cell.exercise_id
        try:
            target = find_target(cell.source, identifier)
        except (SyntaxError, LessonError) as error:
            raise LessonError(f"{self.path.name} of {self.name}, line {cell.line}: {error}") from None
        made = ProgramExercise if target.kind == PROGRAM else Exercise
        return made(
            identifier,
            kind=target.kind,
            name=target.name,
            owner=target.owner,
            source=definition(cell.solved, identifier),
            stub=cell.student,
            load_spec=functools.partial(self.spec, identifier.split(".", 1)[1]),
            namespace=functools.partial(self.namespace, identifier),
            broken=definition(cell.student, identifier) if cell.is_repair else "",
        )


def only_imports(source: str) -> bool:
    """Whether a code cell holds import statements and nothing else."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return False
    return bool(body) and all(isinstance(node, ast.Import | ast.ImportFrom) for node in body)


def _extra_folders() -> Iterator[Path]:
    """The folders that the environment variable TUTOR_LESSONS adds to the long series (a teacher's own)."""
    for extra in filter(None, os.environ.get("TUTOR_LESSONS", "").split(os.pathsep)):
        if not Path(extra, "lesson.py").is_file():
            raise LessonError(
                f"TUTOR_LESSONS names {extra}, which has no lesson.py: name the folders of single lessons in it."
            )
        yield Path(extra)


@functools.cache
def series() -> tuple[Lesson, ...]:
    """All lessons in order: those of the afternoon, then the long series with a teacher's own at its end."""
    found = []
    for shelf, names in SHELVES.items():
        folders = [HOME / name for name in names] + ([] if shelf else list(_extra_folders()))
        found += [Lesson(folder.name, folder, number, shelf) for number, folder in enumerate(folders, bool(shelf))]
    return tuple(found)


def notebooks_in(folder: Path) -> list[Path]:
    """The notebooks in a folder and on its shelves, in the order of the series; not what macOS adds, `._a.ipynb`."""
    found = (path for shelf in SHELVES for path in sorted((folder / shelf).glob("*.ipynb")))
    return [path for path in found if not path.name.startswith(".")]


def find_lesson(text: str) -> Lesson:
    """Find a lesson by name, number ("7", "07", "A2") or notebook file name.

    Raises
    ------
    LessonError
        If there is none; the message names the nearest.
    """
    wanted = Path(text).stem if text.endswith(".ipynb") else text
    for lesson in series():
        names = {lesson.name, lesson.label, lesson.label.lower(), Path(lesson.filename).stem}
        if wanted in names or (not lesson.shelf and wanted == str(lesson.number)):
            return lesson
    names = [lesson.name for lesson in series()]
    raise LessonError(
        f'There is no lesson "{text}". {suggestion(wanted, names, "The lessons are " + ", ".join(names) + ".")}'
    )


def find_cell(lesson: str, name: str) -> Cell:
    """Find a cell of a lesson by its name.

    Raises
    ------
    LessonError
        If there is no such lesson, or no such cell in it.
    """
    cells = {cell.name: cell for cell in find_lesson(lesson).cells}
    if name not in cells:
        raise LessonError(f'{lesson} has no cell "{name}". {suggestion(name, list(cells), "")}'.strip())
    return cells[name]


def suggestion(wanted: str, names: list[str], otherwise: str) -> str:
    """Say which name was probably meant."""
    near = difflib.get_close_matches(wanted, names, n=1)
    return f'Did you mean "{near[0]}"?' if near else otherwise


class Exercises(Mapping):
    """Ordered mapping id -> Exercise over the whole series; read from the lessons' texts, so torch is not imported."""

    def __getitem__(self, identifier: str) -> Exercise:
        for lesson in series():
            if identifier.split(".")[0] == lesson.name and identifier in lesson.exercises:
                return lesson.exercises[identifier]
        near = suggestion(identifier, list(self), "`tutor progress` lists them all.")
        raise LessonError(f'There is no exercise "{identifier}". {near}')

    def __iter__(self) -> Iterator[str]:
        return (identifier for lesson in series() for identifier in lesson.exercises)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, identifier: object) -> bool:
        return any(identifier in lesson.exercises for lesson in series())

    def get(self, identifier: str, default: Any = None) -> Any:
        return self[identifier] if identifier in self else default  # noqa: SIM401  this is that `get`


exercises = Exercises()
