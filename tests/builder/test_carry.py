"""Whatever a reader, a tool and the course do to a notebook, in whatever order: every answer stands in it once."""

import copy
import functools
import json
import re
import tempfile
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builder import tools
from tutor.builder import copies, notebooks
from tutor.builder.notebooks import source_of
from tutor.lessons import cells as exercise_cells

MARKDOWN, CODE = {"cell_type": "markdown"}, {"cell_type": "code", "outputs": [], "execution_count": None}
EXERCISES = ("f", "g", "n", "c")


class Course:
    """Two small lessons that change: cells are (name, kind, version), and each line of a cell tells all three."""

    def __init__(self):
        order = [
            "m opening",
            "d imports",
            "m one",
            "f",
            "d two",
            "m three",
            "g",
            "d four",
            "m five",
            "n",
            "d six",
            "c",
            "m end",
        ]
        self.cells = [(name, 1) for name in order]
        self.swapped = False
        self.new = 0

    def lessons(self):
        names = ("other", "small") if self.swapped else ("small", "other")
        return [self.lesson(name, number) for number, name in enumerate(names)]

    def lesson(self, name, number):
        stubs = {f"small.{e}": self.text(e, v) for e, v in self.cells if e in EXERCISES} if name == "small" else {}
        return SimpleNamespace(name=name, number=number, filename=f"{number:02d}_{name}.ipynb", stubs=stubs)

    def student(self, lesson):
        cells = self.cells if lesson.name == "small" else [("m other", 1)]
        made = [self.cell(lesson.name, name, version) for name, version in cells]
        marks = [[c["id"], notebooks.digest(source_of(c))] for c in made]
        metadata = {**notebooks.KERNEL, "tutor": {"lesson": lesson.name, "cells": marks}}
        return {"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}

    def cell(self, lesson, name, version):
        kind = (
            {"cell_type": "markdown"}
            if name[0] == "m"
            else {"cell_type": "code", "outputs": [], "execution_count": None}
        )
        source = notebooks.lines(self.text(name, version))
        return {**kind, "id": f"{lesson}-{name.replace(' ', '-')}", "metadata": {}, "source": source}

    @staticmethod
    def text(name, version):
        word = name.split()[-1]
        if name[0] == "m" and len(name) > 1:
            return f"## About {word}, edition {version}\n\nThe text of {word} in edition {version} tells of {word}."
        if name[0] == "d" and len(name) > 1:
            return f"{word}_a = {version}\n{word}_b = [{version}]\n\nshow({word}_a, {word}_b)"
        if name == "n":
            return f'# Exercise: easy, about {version} minutes\nn = ...\nn = check("small.n", n)'
        effort = f'# Exercise: easy, about 2 minutes\n@exercise("small.{name}")\n'
        if name == "c":
            return f'{effort}class c(Base):\n    """Edition {version}."""\n\n    def go(self):\n        ...'
        return f'{effort}def {name}(x):\n    """Edition {version}."""\n    ...'

    def update(self, how, at, by):
        if how == "new":
            self.new += 1
            self.cells.insert(at % (len(self.cells) + 1), (f"{'dm'[by % 2]} new{self.new}", 1))
        elif how == "reword":
            name, version = self.cells[at % len(self.cells)]
            self.cells[at % len(self.cells)] = (name, version + 1)
        elif how == "reorder":
            self.cells.insert(by % len(self.cells), self.cells.pop(at % len(self.cells)))
        else:
            self.swapped = not self.swapped


class Reader:
    """A reader's copy of the lesson, and what of it is his: the words of his answers, edits and own cells."""

    def __init__(self):
        self.answers, self.own, self.edits, self.deleted, self.count, self.moved = {}, [], [], [], 0, False

    def word(self, what):
        self.count += 1
        return f"{what}{self.count:03d}"

    def edit(self, cells, how, at, by):
        texts = map(source_of, cells[at % len(cells) :][:2])
        if how not in ("merge", "split", "paste") or not any(re.search(r"edit\d", text) for text in texts):
            getattr(self, how)(cells, at % len(cells), by)  # what is rewritten and taken apart is his alone

    def answer(self, cells, at, by):
        exercise = EXERCISES[by % len(EXERCISES)]
        key = "n = ..." if exercise == "n" else f'"small.{exercise}"'
        for cell in cells:
            text, word = source_of(cell), self.word("answer")
            if cell["cell_type"] == "code" and exercise in self.answers and self.answers[exercise] in text:
                cell["source"] = text.replace(self.answers[exercise], word)
            elif cell["cell_type"] == "code" and exercise not in self.answers and key in text:
                body = f"{word} = 1\n" + (" " * (8 if exercise == "c" else 4)) + "return x[..., 0]"
                head, tail = text[: text.index(key)], text[text.index(key) :]
                cell["source"] = head + tail.replace("...", f"'{word}'" if exercise == "n" else body, 1)
            else:
                continue
            self.answers[exercise] = word
            return

    def add(self, cells, at, by):
        word = self.word("own")
        cells.insert(
            at,
            {
                **(MARKDOWN if by % 2 else CODE),
                "id": f"reader-{word}",
                "metadata": {},
                "source": [f"{word} = 1\n", "# mine"],
            },
        )
        self.own.append(word)

    def change(self, cells, at, by):
        cell = cells[at]
        if cell["cell_type"] == "code" and "_a = " in source_of(cell):
            word = self.word("edit")
            cell["source"] = source_of(cell).replace("_b = [", f"_b = ['{word}', ", 1)
            self.edits.append(word)

    def delete(self, cells, at, by):
        whole = re.findall(r"^## About (\w+),|^(\w+)_a = .*\n.*\n\nshow", source_of(cells[at]))  # no half of a cell
        if whole and not re.search(r"small\.|own\d|edit\d|answer\d", source_of(cells[at])):
            self.deleted += [word for words in whole for word in words]
            del cells[at]

    def paste(self, cells, at, by):
        cells[at]["id"] = self.word("pasted") if by % 2 else cells[at - 1].get("id", "0")

    def move(self, cells, at, by):
        self.moved = True
        cells.insert(by % len(cells), cells.pop(at))

    def merge(self, cells, at, by):
        if at + 1 < len(cells) and cells[at]["cell_type"] == cells[at + 1]["cell_type"]:
            below = cells.pop(at + 1)
            cells[at]["source"] = source_of(cells[at]) + ("\n\n" if by % 2 else "\n") + source_of(below)

    def split(self, cells, at, by):
        text = source_of(cells[at])
        places = [m.start() for m in re.finditer(r"\n(?=show|@exercise|# Exercise|n = check|own)", text)]
        if cells[at]["cell_type"] == "code" and places:
            place = places[by % len(places)]
            below = {**copy.deepcopy(cells[at]), "id": self.word("split"), "source": text[place + 1 :]}
            cells[at]["source"] = text[:place]
            if by % 3 == 0:
                cells[at]["id"] = self.word("split")
            cells.insert(at + 1, below)


def written(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file() and "kept" not in p.parts}


def check(folder, course, reader, before, updated):
    """Everything that has to be true of a copy after an update."""
    (path,) = folder.glob("*_small.ipynb")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    whole = "\n".join(map(source_of, cells))
    live = [source_of(c).replace("\r\n", "\n") if c["cell_type"] == "code" else "" for c in cells]
    for word in [*reader.answers.values(), *reader.own, *reader.edits]:
        assert len(re.findall(rf"\b{word}\b(?! *\()", whole)) == 1, (word, whole)
    places = exercise_cells.locate(live, course.lessons()[course.swapped].stubs)
    for exercise in EXERCISES:
        ((i, part),) = places[f"small.{exercise}"]
        assert part.todo == (exercise not in reader.answers), (exercise, whole)
        if exercise in reader.answers and exercise != "n":  # a value may be computed in a cell above
            assert reader.answers[exercise] in exercise_cells.text_of(live[i], part)
    shown = "\n".join(source_of(c) for c in cells if c["cell_type"] != "raw").replace("\r\n", "\n")
    for name, _ in course.cells:
        word = name.split()[-1]
        keys = [f"## About {word},"] if name[0] == "m" else [f"{word}_a =", f"show({word}_a"] if name[0] == "d" else []
        for key in keys:
            assert shown.count(key) == 1 or (word in reader.deleted and key not in shown), (key, shown)
    ids = [c["id"] for c in cells if updated]
    assert len(set(ids)) == len(ids), ids
    raws = [source_of(c) for c in cells if c["cell_type"] == "raw"]
    assert len(set(raws)) == len(raws), raws
    if before is not None:
        assert re.findall(r"\bown\d+\b", whole) == re.findall(r"\bown\d+\b", before)


READER = ["answer", "answer", "answer", "add", "change", "delete", "paste", "move", "merge", "split"]
COURSE = ["new", "reword", "reorder", "swap"]
STEP = st.tuples(st.sampled_from([*READER, *COURSE, "tool", "tool", "tool"]), st.integers(0, 40), st.integers(0, 40))


@settings(max_examples=100)
@given(st.lists(STEP, max_size=12))
def test_no_edit_no_tool_and_no_update_loses_or_doubles_anything(steps):
    with tempfile.TemporaryDirectory() as name:
        play(Path(name), steps)


def play(folder, steps):
    course, reader = Course(), Reader()
    with (
        mock.patch.object(copies, "series", course.lessons),
        mock.patch.object(notebooks, "student", course.student),
        mock.patch.object(copies, "offer", lambda folder: ""),
    ):
        update = functools.partial(copies.start, folder)
        update()
        for how, at, by in [*steps, ("swap", 0, 0), ("swap", 0, 0)]:
            (path,) = folder.glob("*_small.ipynb")
            notebook, before = json.loads(path.read_text(encoding="utf-8")), None
            if how == "tool":
                notebook = tools.TOOLS[at % len(tools.TOOLS)](notebook)
                if by % 2:  # and the copy comes from elsewhere, without what is remembered beside it
                    (folder / copies.MARKS).unlink(missing_ok=True)
            elif hasattr(Reader, how):
                reader.edit(notebook["cells"], how, at, by)
            else:
                course.update(how, at, by)
                reader.moved |= how == "reorder"
            path.write_text(json.dumps(notebook), encoding="utf-8")
            if how in ("tool", "new", "reword", "reorder", "swap"):
                before = None if reader.moved else "\n".join(map(source_of, notebook["cells"]))
                dry, untouched = copies.start(folder, dry=True), written(folder)
                said = update()
                assert len(dry) == len(said)
                assert said or written(folder) == untouched
                check(folder, course, reader, before, any("updated" in line for line in said))
                after = written(folder)
                assert update() == [] and written(folder) == after


ANSWERED = [("answer", 0, 0), ("answer", 0, 2), ("answer", 0, 3), ("add", 0, 0), ("add", 5, 1), ("change", 6, 0)]


@pytest.mark.parametrize("alone", [0, 1], ids=["remembered", "alone"])
@pytest.mark.parametrize("tool", range(len(tools.TOOLS)), ids=[tool.__name__ for tool in tools.TOOLS])
def test_an_answered_copy_survives_a_tool_and_an_update_and_both_again(tmp_path, tool, alone):
    used = ("tool", tool, alone)
    play(tmp_path, [*ANSWERED, used, ("new", 4, 0), ("reword", 4, 0), used, ("reword", 5, 0), ("reword", 3, 0), used])


@pytest.mark.parametrize(
    "steps",
    [
        [("merge", 10, 0), ("new", 0, 0)],  # a demo and the exercise below it
        [("merge", 10, 1), ("reword", 10, 0)],
        [("merge", 3, 1), ("answer", 0, 0), ("reword", 4, 0), ("reword", 3, 0)],
        [("delete", 10, 0), ("merge", 9, 1), ("answer", 0, 3), ("reword", 9, 0)],  # two exercises in one cell
        [("split", 1, 0), ("new", 0, 0), ("reword", 1, 0)],
        [("split", 1, 1), ("tool", 3, 0), ("reword", 1, 0)],
        [("split", 9, 0), ("answer", 0, 2), ("new", 0, 0)],  # a value in one cell, its check in the next
        [("answer", 0, 0), ("move", 3, 9), ("reorder", 3, 0), ("swap", 0, 0)],
        [("paste", 7, 1), ("paste", 4, 0), ("add", 2, 0), ("paste", 2, 0), ("new", 0, 0), ("reword", 5, 0)],
    ],
)
def test_merged_split_and_moved_cells_are_found_again(tmp_path, steps):
    play(tmp_path, steps)
