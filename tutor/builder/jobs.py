"""What is sent behind the wall of a notebook: its cells, the public halves of its exercises, what is asked of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tutor.builder.submission import Submission
from tutor.checking.seen import Ask
from tutor.lessons.public import public_half
from tutor.lessons.registry import Lesson
from tutor.wall.frames import Asked, Job


class Jobs:
    """Makes the jobs of notebooks that are judged with the same random numbers.

    Parameters
    ----------
    turn : which numbers the probes are drawn with.
    cell_seconds : how long a run of an answer may take.
    """

    def __init__(self, turn: int, cell_seconds: float):
        self.turn, self.cell_seconds = turn, cell_seconds
        self._halves: dict[str, dict[str, str]] = {}

    def first(self, made: Submission) -> Job:
        """Run a notebook, and try its answers."""
        halves = self._halves_of(made.lesson, list(made.asked))
        return Job(made.run(), halves, {i: self._asked(made, i, n) for i, n in made.asked.items()})

    def again(self, made: Submission, wanted: Mapping[str, tuple[tuple[str, ...], Ask]]) -> Job:
        """Run it once more, for changed texts of some answers.

        Parameters
        ----------
        made : the notebook.
        wanted : exercise -> the names that the answer's text uses, and a run that it is tried with before.
        """
        places = {i: self._place(made, i, made.counts[i]) for i in wanted}
        asked = {i: replace(places[i], names=names, asks=(ask,)) for i, (names, ask) in wanted.items()}
        halves = self._halves_of(made.lesson, [i for i in made.counts if i not in made.fatal])
        return Job(made.again(wanted), halves, asked)

    def _place(self, made: Submission, identifier: str, number: int) -> Asked:
        """Where an answer stands, and where its public half does."""
        known = made.lesson.exercises[identifier]
        module = f"{made.lesson.package}.exercises.{identifier.split('.', 1)[1]}"
        return Asked(number, module, known.name, known.owner or "", seconds=float(self.cell_seconds))

    def _asked(self, made: Submission, identifier: str, number: int) -> Asked:
        known = made.lesson.exercises[identifier]
        if known.kind == "value":
            return Asked(number, "", known.name)
        asked = self._place(made, identifier, number)
        if known.kind == "program":
            return replace(asked, program=made.program(identifier), given=known.given(self.turn))
        return replace(asked, asks=tuple(probed.ask for probed in known.probed(self.turn)))

    def _halves_of(self, lesson: Lesson, identifiers: Sequence[str]) -> dict[str, str]:
        names = [i.split(".", 1)[1] for i in identifiers if lesson.exercises[i].kind != "value"]
        key = " ".join((lesson.name, *names))
        if key not in self._halves:
            self._halves[key] = public_half(lesson, names)
        return self._halves[key]
