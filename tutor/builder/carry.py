"""Bring a reader's cells into a newer build of a notebook, whatever tool has touched his copy in between.

A cell is found by its exercise, by its id, by its text, or as a piece of cells that were merged or split. What is
found stands once in the new notebook; what is left is the reader's own and follows the cell that it followed.
"""

from __future__ import annotations

import ast
import difflib
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tutor.builder import notebooks
from tutor.builder.notebooks import digest, source_of
from tutor.lessons import cells as exercise_cells
from tutor.lessons.cells import BROKEN, WHOLE, Part

Notebook = dict[str, Any]
Cell = dict[str, Any]

REWORDED = "This exercise was reworded after you had begun it. It now reads:"
YOURS = "Your version of the cell above, from before the lesson changed:"
OTHER = "Another version of the cell above, which stood in your copy:"
ELSEWHERE = "Your other answer to the exercise above, from another copy:"
NOTES = (REWORDED, YOURS, OTHER, ELSEWHERE)  # the first lines of what an update writes into raw cells
ALIKE = 0.6  # from this ratio on, two texts are versions of one cell where nothing else tells
_ID = re.compile(r"^[a-zA-Z0-9_-]{1,64}$")


@dataclass
class Copy:
    """A reader's notebook beside the newer build: which of its cells is which."""

    old: Notebook
    fresh: Notebook
    marks: dict[str, str] = field(
        init=False
    )  # id -> digest of the text, as the copy was built; {} if a tool dropped it
    new_marks: dict[str, str] = field(init=False)
    texts: list[str] = field(init=False)  # of the old cells
    stubs: dict[str, str] = field(init=False)  # exercise -> the text that it is shipped with now
    asked: dict[int, str] = field(init=False)  # fresh cell -> its exercise
    of: dict[int, int] = field(default_factory=dict)  # fresh cell -> the old cell that it is
    covered: set[int] = field(default_factory=set)  # fresh cells whose text stands within cells of the reader's
    dropped: set[int] = field(default_factory=set)  # old cells that hold nothing of the reader's
    beside: dict[int, int] = field(default_factory=dict)  # old cell -> the fresh cell that it has to follow

    def __post_init__(self) -> None:
        self.marks, self.new_marks = dict(notebooks.marks_of(self.old)), dict(notebooks.marks_of(self.fresh))
        self.texts = [normal(source_of(c)) for c in self.old["cells"]]
        self.asked, self.stubs = {}, {}
        for j, cell in enumerate(self.fresh["cells"]):
            for part in exercise_cells.parse(source_of(cell)) if cell["cell_type"] == "code" else ():
                self.asked[j], self.stubs[part.identifier] = part.identifier, source_of(cell)
        self._match_exercises()
        self._match_ids(shipped=True)
        self._match_texts()
        self._match_pieces()
        self._match_ids(shipped=False)
        self._match_alike()
        for i in self._left():
            ids = [k for k, mark in self.marks.items() if mark == digest(self.texts[i])]
            if not self.texts[i].strip() or (ids and not any(k in self.new_marks for k in ids)):
                self.dropped.add(i)  # empty, or a cell that the lesson has no longer

    def is_shipped(self, text: str) -> bool:
        """Whether a text is, to the letter, one of the lesson's, of the copy's edition or of the new one."""
        return digest(text) in self.marks.values() or digest(text) in self.new_marks.values()

    def is_unchanged(self, j: int) -> bool:
        """Whether the lesson's text of a fresh cell is known to be what it was."""
        identifier = self.fresh["cells"][j]["id"]
        return self.marks.get(identifier) == self.new_marks.get(identifier)

    def kind(self, i: int) -> str:
        """The type of an old cell."""
        return self.old["cells"][i].get("cell_type", "raw")

    def code(self) -> list[str]:
        """The texts of the old cells, "" for those that hold no code."""
        return [text if self.kind(i) == "code" else "" for i, text in enumerate(self.texts)]

    def _left(self) -> list[int]:
        taken = {*self.of.values(), *self.dropped}
        return [i for i in range(len(self.texts)) if i not in taken]

    def _open(self) -> list[int]:
        """The fresh cells, but for exercises, that have not been found in the copy."""
        found = {*self.of, *self.covered, *self.asked}
        return [j for j in range(len(self.fresh["cells"])) if j not in found]

    def _match_exercises(self) -> None:
        code = self.code()
        places = exercise_cells.locate(code, self.stubs)
        for j, identifier in self.asked.items():
            found = places.get(identifier, [])
            live = [place for place in found if place[1].form in (WHOLE, BROKEN)] or found
            answered = [place for place in live if not place[1].todo]
            if not live:
                continue
            self.of[j] = (answered or live)[-1][0]
            for i, part in found:  # a stub beside an answer would make it "to do" again
                alone = part.form == WHOLE and not exercise_cells.without(code[i], [part]).strip()
                begun = exercise_cells.is_annotated(code[i], part, self.stubs[identifier])
                if i != self.of[j] and part.todo and alone and not begun:
                    self.dropped.add(i)

    def _match_ids(self, shipped: bool) -> None:
        left = {}
        for i in self._left():
            identifier, mark = id_of(self.old["cells"][i]), digest(self.texts[i])
            if (mark in (self.marks.get(identifier), self.new_marks.get(identifier))) == shipped:
                left.setdefault(identifier, i)
        for j, cell in enumerate(self.fresh["cells"]):
            i = left.get(cell["id"])
            if i is None or j in self.of or j in self.covered:
                continue
            if j in self.asked:  # the reader's text, in which nothing is left of the exercise
                self.beside[i] = j
            else:
                self.of[j] = i

    def _match_texts(self) -> None:
        left: dict[tuple[str, str], list[int]] = {}
        for i in self._left():
            if i not in self.beside:
                left.setdefault((self.kind(i), digest(self.texts[i])), []).append(i)
        for j in self._open():
            cell = self.fresh["cells"][j]
            for mark in (self.new_marks[cell["id"]], self.marks.get(cell["id"])):
                if found := left.get((cell["cell_type"], mark)):
                    self.of[j] = found.pop(0)
                    break

    def _match_pieces(self) -> None:
        """Find the lesson's cells in the reader's merged and split ones, and bring them up to date there."""
        for run in self._runs() if self._open() else ():
            for joint in ("\n", "\n\n"):
                windows = _windows([self.texts[i] for i in run], joint)
                for j in self._open():
                    cell = self.fresh["cells"][j]
                    if cell["cell_type"] != self.kind(run[0]):
                        continue
                    found = windows.get(self.new_marks[cell["id"]]) or windows.get(self.marks.get(cell["id"]))
                    if not found or self._is_edited(run, *found, cell["id"]):
                        continue
                    if self.new_marks[cell["id"]] in windows:
                        self.covered.add(j)
                    else:
                        self._bring_up_to_date(j, run, *found)
                        windows = _windows([self.texts[i] for i in run], joint)

    def _runs(self) -> Iterator[list[int]]:
        """Old cells of one kind, one below the other, none of which is as it was shipped."""
        run: list[int] = []
        for i, text in enumerate(self.texts):
            changed = not self.is_shipped(text) and i not in self.dropped
            if run and not (changed and self.kind(i) == self.kind(run[0])):
                yield run
                run = []
            if changed:
                run.append(i)
        if run:
            yield run

    def _is_edited(self, run: list[int], first: tuple[int, int], last: tuple[int, int], identifier: str) -> bool:
        """Whether the text stands in the very cell that it was shipped in: the reader wrote more into that."""
        i = run[first[0]]
        return first[0] == last[0] and i not in self.of.values() and id_of(self.old["cells"][i]) == identifier

    def _bring_up_to_date(self, j: int, run: list[int], first: tuple[int, int], last: tuple[int, int]) -> None:
        """Put a fresh cell's text where its old text stands, from (cell of the run, line) to (cell, line)."""
        i = run[first[0]]
        if first[0] == last[0]:
            lines = self.texts[i].split("\n")
            lines[first[1] : last[1] + 1] = source_of(self.fresh["cells"][j]).split("\n")
            self.texts[i] = "\n".join(lines)
            self.covered.add(j)
        elif first[1] == 0 and last[1] == self.texts[run[last[0]]].count("\n"):
            pieces = set(run[first[0] : last[0] + 1])
            if not pieces & set(self.of.values()):
                self.dropped |= pieces

    def _match_alike(self) -> None:
        """Where a tool dropped or renumbered the ids, take the most similar text for another version of a cell."""
        known = {*self.marks, *self.new_marks}
        if any(id_of(cell) in known for cell in self.old["cells"]):
            return
        pairs = [
            (ratio, i, j)
            for i in self._left()
            for j in self._open()
            if self.kind(i) == self.fresh["cells"][j]["cell_type"]
            and (ratio := alike(self.texts[i], source_of(self.fresh["cells"][j]))) >= ALIKE
        ]
        for _, i, j in sorted(pairs, key=lambda pair: (-pair[0], pair[1:])):
            if j not in self.of and i not in self.of.values():
                self.of[j] = i


def carry_over(old: Notebook, fresh: Notebook) -> tuple[Notebook, int]:
    """Bring a reader's cells into a newer build of the notebook.

    Where an exercise was reworded since it was answered, its new text stands below the answer as a raw cell. An edited
    cell whose lesson text has not changed stays as the reader left it; where both changed, the reader's version stands
    below the new one as a raw cell. Cells that the reader added follow the cell that they followed.

    Returns
    -------
    The new notebook and how many cells of the reader's are in it.
    """
    copy = Copy(old, fresh)
    followers, last = {}, None
    for i in range(len(copy.texts)):
        if i in copy.of.values() or (i in copy.beside and i not in copy.dropped):
            last = i
        elif i not in copy.dropped:
            followers.setdefault(last, []).append(i)
    made, emitted, carried = [], set(), 0
    made += [(None, i) for i in followers.get(None, [])]
    for j in range(len(fresh["cells"])):
        i = copy.of.get(j)
        if j in copy.covered or i in emitted:
            continue
        made.append((j, i))
        if i is not None:
            emitted.add(i)
            made += [(None, k) for k in followers.get(i, [])]
        for k in (k for k, place in copy.beside.items() if place == j and k not in copy.dropped):
            made += [(None, k), *((None, n) for n in followers.get(k, []))]
    cells: list[Cell] = []
    raws = {source_of(c) for c in old["cells"] if c.get("cell_type") == "raw"}
    taken = {c["id"] for c in fresh["cells"]}
    for j, i in made:
        if j is None:
            cells.append(_own(old["cells"][i], taken, copy.texts[i]))
            carried += 1
        elif i is None:
            cells.append(fresh["cells"][j])
        else:
            cell, notes, mine = _filled(copy, j, i)
            cells.append(cell)
            cells += [_own(_raw(note), taken) for note in notes if note not in raws]
            carried += mine
    metadata = {**notebooks.KERNEL, **old.get("metadata", {}), "tutor": fresh["metadata"]["tutor"]}
    return {**fresh, "metadata": metadata, "cells": cells}, carried


def answers(notebook: Notebook, stubs: dict[str, str]) -> dict[str, str]:
    """Exercise -> the text of its answer, of every exercise in a copy that is not to do."""
    code = [normal(source_of(c)) if c.get("cell_type") == "code" else "" for c in notebook["cells"]]
    places = exercise_cells.locate(code, stubs)
    found = {identifier: [(i, p) for i, p in those if not p.todo] for identifier, those in places.items()}
    return {
        identifier: exercise_cells.text_of(code[those[-1][0]], those[-1][1])
        for identifier, those in found.items()
        if those and identifier in stubs
    }


def bring(mine: Notebook, theirs: Notebook, fresh: Notebook) -> tuple[Notebook, int]:
    """Bring the answers and the reader's own cells of another copy into this one, which has the fresh build's cells.

    An answer takes the place of a stub; beside another answer it stands as a raw cell.

    Returns
    -------
    The new notebook and how many cells came into it.
    """
    other, brought = Copy(theirs, fresh), 0
    cells = [dict(cell) for cell in mine["cells"]]
    for identifier, answer in answers(theirs, other.stubs).items():
        if any(answer in normal(source_of(cell)) for cell in cells):
            continue
        code = [normal(source_of(c)) if c.get("cell_type") == "code" else "" for c in cells]
        places = exercise_cells.locate(code, other.stubs).get(identifier, [])
        stub = next(((i, part) for i, part in places if part.todo), None)
        if stub and all(part.todo for _, part in places):
            i, part = stub
            cells[i] |= {"source": notebooks.lines(exercise_cells.replaced(code[i], part, answer))}
        else:
            at = places[-1][0] + 1 if places else len(cells)
            cells.insert(at, _own(_raw(f"{ELSEWHERE}\n\n{answer}"), {c.get("id") for c in cells}))
        brought += 1
    for i, j in reversed(list(_owned(other))):
        if any(normal(source_of(cell)) == other.texts[i] for cell in cells):
            continue
        place = other.fresh["cells"][j]["id"] if j is not None else None
        at = next((k + 1 for k, c in enumerate(cells) if c.get("id") == place), 0 if j is None else len(cells))
        cells.insert(at, _own(theirs["cells"][i], {c.get("id") for c in cells}))
        brought += 1
    return ({**mine, "cells": cells}, brought) if brought else (mine, 0)


def _owned(copy: Copy) -> Iterator[tuple[int, int | None]]:
    """The cells that the reader added, each with the fresh cell that it follows."""
    place, at = {i: j for j, i in copy.of.items()}, None
    for i in range(len(copy.texts)):
        if i in place:
            at = place[i]
        elif i not in copy.dropped:
            yield i, copy.beside.get(i, at)


def restore(old: Notebook, fresh: Notebook, identifier: str) -> Notebook:
    """A copy with one exercise as it was shipped: nothing but its lines is changed, what stands twice stands once.

    Where it was deleted it comes back to its place. If what is left of its cell is no Python, the whole cell is as it
    was shipped.
    """
    copy = Copy(old, fresh)
    at = next(j for j, asked in copy.asked.items() if asked == identifier)
    stub, cells = fresh["cells"][at], [dict(cell) for cell in old["cells"]]
    places = exercise_cells.locate(copy.code(), copy.stubs).get(identifier, [])
    if not places:
        above = [i for j, i in copy.of.items() if j < at]
        cells.insert(max(above, default=-1) + 1, stub)
        return {**old, "cells": cells}
    for k, (i, part) in reversed(list(enumerate(places))):
        text = normal(source_of(cells[i]))
        alone = len(exercise_cells.parse(text, copy.stubs)) == 1
        made = exercise_cells.replaced(text, part, source_of(stub) if k == 0 else "").strip("\n")
        if k == 0 and alone and not exercise_cells.is_python(made):
            made = source_of(stub)
        cells[i] |= {"source": notebooks.lines(made), "outputs": [], "execution_count": None}
    emptied = {i for i, _ in places[1:] if not source_of(cells[i]).strip()}
    return {**old, "cells": [cell for i, cell in enumerate(cells) if i not in emptied]}


def id_of(cell: Cell) -> str | None:
    """A cell's id, which Colab keeps in the cell's metadata."""
    found = cell.get("id") or cell.get("metadata", {}).get("id")
    return found if isinstance(found, str) else None


def normal(text: str) -> str:
    """A text as builds write it: line ends of one kind, no empty lines around it."""
    return "\n".join(exercise_cells.lines_of(text)).strip("\n")


def alike(one: str, other: str) -> float:
    """How similar two texts are, from 0 to 1, by their lines and within short ones by their words."""
    rows = [re.findall(r"\w+|[^\w\s]", text) for text in (one, other)]
    matcher = difflib.SequenceMatcher(None, *rows, autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() >= ALIKE else 0.0


def _windows(texts: list[str], joint: str) -> dict[str, tuple[tuple[int, int], tuple[int, int]]]:
    """Digest -> (first, last) of everything that stands from one line to another of texts joined by `joint`."""
    rows = [(n, k, line) for n, text in enumerate(texts) for k, line in enumerate(text.split("\n"))]
    found = {}
    for start in range(min(len(rows), 400)):
        running = hashlib.sha256()
        for at in range(start, min(len(rows), 400)):
            if at > start:
                running.update((joint if rows[at][1] == 0 else "\n").encode())
            running.update(rows[at][2].encode("utf-8", "surrogatepass"))
            found.setdefault(running.hexdigest()[:8], (rows[start][:2], rows[at][:2]))
    return found


def _filled(copy: Copy, j: int, i: int) -> tuple[Cell, list[str], bool]:
    """A fresh cell with what the reader made of it, the texts to stand below it, and whether anything is his."""
    fresh, old, text = copy.fresh["cells"][j], copy.old["cells"][i], copy.texts[i]
    changed = text != normal(source_of(old))  # a piece of it was brought up to date
    if not changed and copy.is_shipped(text):
        return _kept(fresh, old, source_of(fresh)), [], False
    if j in copy.asked:
        made, notes = _answered(copy, text)
        if made == source_of(fresh):
            return _kept(fresh, old, made), [], False
        return _kept(fresh, old, source_of(old) if made == text and not changed else made), notes, True
    if copy.is_unchanged(j):
        return _kept(fresh, old, source_of(old)), [], True
    if not text.strip():
        return fresh, [], False
    told = YOURS if fresh["id"] in copy.marks else OTHER
    return _kept(fresh, old, source_of(fresh)), [f"{told}\n\n{text}"], True


def _answered(copy: Copy, text: str) -> tuple[str, list[str]]:
    """A cell of answers with the stubs in it that nobody touched brought up to date, and the new wordings."""
    notes, cells = [], {identifier: j for j, identifier in copy.asked.items()}
    for part in reversed(exercise_cells.parse(text, copy.stubs)):
        if part.identifier not in cells:
            continue
        stub, written = copy.stubs[part.identifier], exercise_cells.text_of(text, part)
        begun = exercise_cells.is_annotated(text, part, stub)
        if part.todo and not begun and (copy.is_shipped(written) or not copy.marks):
            text = exercise_cells.replaced(text, part, stub)
        elif _is_reworded(copy, cells[part.identifier], part, stub):
            notes.insert(0, f"{REWORDED}\n\n{stub}")
    return text, notes


def _is_reworded(copy: Copy, j: int, part: Part, stub: str) -> bool:
    """Whether an exercise reads differently since it was begun; without marks, whether its docstring does."""
    if copy.fresh["cells"][j]["id"] in copy.marks:
        return not copy.is_unchanged(j)
    shipped = exercise_cells.parse(stub)[0].node
    told = ast.get_docstring(part.node) if part.node is not None else None
    return shipped is not None and told is not None and told != ast.get_docstring(shipped)


def _kept(fresh: Cell, old: Cell, text: str) -> Cell:
    """A fresh cell with the reader's text, and with his outputs and settings where they still belong to it."""
    same = normal(text) == normal(source_of(old))
    kind = old.get("cell_type", "code") if same else fresh["cell_type"]
    made = {
        "cell_type": kind,
        "id": fresh["id"],
        "source": notebooks.lines(text),
    }
    made["metadata"] = {**{k: v for k, v in old.get("metadata", {}).items() if k != "id"}, **fresh["metadata"]}
    if kind == "code":
        made["outputs"] = old.get("outputs", []) if same else []
        made["execution_count"] = old.get("execution_count") if same else None
    elif same and "attachments" in old:
        made["attachments"] = old["attachments"]
    return made


def _own(cell: Cell, taken: set[str], text: str | None = None) -> Cell:
    """A reader's own cell as it is, with an id that no other cell has."""
    made = {"metadata": {}, "source": "", **cell}
    if text is not None and text != normal(source_of(cell)):
        made["source"] = notebooks.lines(text)
    if made.setdefault("cell_type", "raw") == "code":
        made = {"outputs": [], "execution_count": None, **made}
    name = id_of(made)
    if not isinstance(name, str) or not _ID.match(name) or name in taken:
        name = f"yours-{digest(source_of(made))}"
        while name in taken:
            name += "x"
    taken.add(name)
    return {**made, "id": name}


def _raw(text: str) -> Cell:
    """A text where it is read and not executed."""
    return {"cell_type": "raw", "source": notebooks.lines(text)}
