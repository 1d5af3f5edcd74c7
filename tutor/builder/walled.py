"""Judge other people's notebooks: their code runs behind the wall, and only what it returns is compared out here."""

from __future__ import annotations

import ast
import itertools
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from tutor import data
from tutor.builder import judge, notebooks, submission
from tutor.builder.jobs import Jobs
from tutor.builder.judge import Judged, Row
from tutor.builder.reading import READING, within
from tutor.builder.searched import better_reports
from tutor.builder.submission import Submission
from tutor.builder.trial import TOLD
from tutor.checking import exercise, guard
from tutor.checking.fault import Fault
from tutor.checking.programs import ProgramExercise
from tutor.checking.report import Report
from tutor.checking.running import compiled
from tutor.errors import TutorError
from tutor.lessons import cells
from tutor.lessons.registry import Lesson
from tutor.wall.pool import Heard, Tried, Wall, wall
from tutor.wall.zygote import MEMORY

MOST_RUNS = 6  # of one notebook, each without what ended the last
WHOLE = 5  # times the seconds of a cell that a notebook may take in all
TURNS = 40_000  # how many sets of numbers there are to try answers with; NumPy's seeds end above them
MOST_TOLD = 4_000  # characters of a message
MOST_NOTES = 50


class Judge:
    """Judges notebooks behind one wall, all with the same random numbers, which nobody could know before.

    Parameters
    ----------
    behind : the wall.
    turn : which numbers the probes are drawn with.
    cell_seconds : how long a cell, or a run of an answer, may take.
    """

    def __init__(self, behind: Wall, turn: int, cell_seconds: float = judge.CELL_SECONDS):
        self.behind, self.turn, self.cell_seconds = behind, turn, cell_seconds
        self._jobs = Jobs(turn, cell_seconds)

    def judge(self, path: Path) -> Judged:
        """Judge one notebook.

        Raises
        ------
        TutorError
            If the file is not a notebook of the series.
        """
        made = submission.read(path)
        self.try_out(made)
        return self.verdicts(made)

    def try_out(self, made: Submission) -> None:
        """Run a notebook behind the wall, and note what is heard.

        Where it lends a solution, all that stands above is tried first, and then all below, with the solution inside.
        """
        end = time.monotonic() + WHOLE * self.cell_seconds
        self._run(made, end)
        first = made.heard
        if first.ended and not first.broken and (lending := made.lend()) >= 0:
            self._run(made, end)
            above = {number: fault for number, fault in first.faults.items() if number <= lending}
            tried = {i: one for i, one in first.tried.items() if i in made.settled}
            made.heard.tried, made.heard.faults = made.heard.tried | tried, made.heard.faults | above

    def _run(self, made: Submission, end: float) -> None:
        """Run a notebook, again where its process ends too early."""
        for _ in range(MOST_RUNS):
            left = end - time.monotonic()
            if left <= 0:
                return
            with guard.time_limit(READING):
                job = self._jobs.first(made)
            heard = made.heard = self.behind.run(job, self.cell_seconds, left)
            if heard.broken or (heard.ended and (made.every or not made.misses_a_cell())):
                return
            if heard.ended:
                made.every = True
            else:
                made.leave_out(self._end_of(heard))

    def _end_of(self, heard: Heard) -> str:
        """Why a cell came to no end."""
        if heard.greedy:
            return f"The cell, with what it had started, took more memory than {MEMORY >> 30} GB and was killed."
        late = f"The cell did not end within {self.cell_seconds:g} s and was killed."
        return late if heard.late else "The cell ended its own process."

    def expect(self, made: Submission) -> None:
        """Make what is expected of the answers; it is kept for all notebooks."""
        for identifier in made.counts:
            known = made.lesson.exercises[identifier]
            if known.kind == "program":
                known.given(self.turn)
            elif known.kind != "value":
                known.probed(self.turn)

    def verdicts(self, made: Submission) -> Judged:
        """Judge what was heard of a notebook; when all verdicts stand, look for the lines that are wrong."""
        whys, wrong = judge.not_run(made.notebook, made.lesson), {}
        rows = [self._row(made, identifier, whys.get(identifier, ""), wrong) for identifier in made.lesson.exercises]
        better = better_reports(self.behind, self._jobs, made, wrong) if made.heard.ended else {}
        rows = tuple(_told_better(row, better.get(row.exercise)) for row in rows)
        notes = tuple(note[:MOST_TOLD] for note in itertools.islice(_notes(made), MOST_NOTES))
        return Judged(str(made.path), rows, notes)

    def _row(self, made: Submission, identifier: str, why: str, wrong: dict[str, exercise.Judged]) -> Row:
        """The row of an exercise; what is wrong of a text that ran is noted, with what it stands on."""
        path, known = str(made.path), made.lesson.exercises[identifier]
        if identifier not in made.places:
            gone = judge.gone(made.lesson, identifier)
            return Row(path, identifier, "error", None, why) if why else Row(path, identifier, "missing", None, gone)
        if made.places[identifier][-1][1].todo:
            return _row_of(path, known.check(...))
        if why := made.fatal.get(identifier, ""):
            return Row(path, identifier, "slow" if "did not end" in why else "error", None, why)
        try:
            report = self._report(made, identifier, wrong)
        except Exception as error:  # plain data can be such that even comparing it fails
            told = f"What its answer returned cannot be compared: `{type(error).__name__}`."
            return Row(path, identifier, "error", None, told)
        return _row_of(path, report) if report else Row(path, identifier, "error", None, _why_untried(made, identifier))

    def _report(self, made: Submission, identifier: str, wrong: dict[str, exercise.Judged]) -> Report | None:
        """The report on an answer; None if nothing was heard that could be judged."""
        known, tried = made.lesson.exercises[identifier], made.heard.tried.get(identifier)
        with guard.plain_torch():
            if known.kind == "value":
                return known.judged_value(tried.seen[-1]) if tried and tried.seen else None
            if known.kind == "program":
                return self._program_report(known, made.program(identifier), tried)
            if tried is None or tried.answer is None:
                return None
            text = made.definition(identifier)
            judged = known.judged(tried.answer, tried.seen, limit=tried.limit, turn=self.turn, source=text)
            wrong[identifier] = judged
            return judged.report

    def _program_report(self, known: ProgramExercise, text: str, tried: Tried | None) -> Report | None:
        if not text:
            return None
        body = ast.parse(text).body[1:]
        try:
            compiled(body, known.id)
        except SyntaxError as error:
            return known.no_program(error)
        if tried is None or tried.ran is None:
            return None
        program, lines = ast.unparse(ast.Module(body, [])), text.splitlines()
        return known.judged_program(tried.ran, tried.look, program, lines=lines, limit=tried.limit, turn=self.turn)


def _row_of(path: str, report: Report) -> Row:
    return Row(path, report.exercise, report.verdict, report.misconception, _cut(report.message))


def _cut(message: str) -> str:
    return message if len(message) <= MOST_TOLD else message[:MOST_TOLD] + " …"


def _told_better(row: Row, report: Report | None) -> Row:
    """The row with what a search has found; its verdict is not asked for."""
    return row if report is None else replace(row, misconception=report.misconception, message=_cut(report.message))


def _why_untried(made: Submission, identifier: str) -> str:
    number, part = made.places[identifier][-1]
    fault = made.heard.faults.get(number)
    if fault is not None:
        return f"The cell raised an error before its answer could be checked: {_told(fault)}"
    if made.heard.broken:
        return f"No verdict came of it: {made.heard.broken}."
    if part.form == cells.COMMENT:
        return "Its cell is commented out, so there was no answer to check."
    if not made.heard.ended:
        return "The notebook's processes ended too early too often, or its time was over before this exercise."
    return "The cell ran, but no verdict came of it: its answer was not checked."


def _told(fault: Fault) -> str:
    first = next(iter(fault.text.strip().splitlines()), "")
    told = ": ".join(filter(None, (fault.kind, first[:TOLD])))
    return f"{told} (line {fault.number}: `{fault.line}`)" if fault.number else told


def _notes(made: Submission) -> Iterator[str]:
    """What else has to be known: ids that are none, cells that stand twice, cells left out, errors elsewhere."""
    for identifier, where in made.places.items():
        count = len({number for number, _ in where})
        if identifier not in made.lesson.exercises:
            yield f'There is no exercise "{identifier}" in {made.lesson.name}: its name was changed.'
        elif count > 1:
            yield f"{identifier} stands in {count} cells; the last one counts."
    for number, why in sorted(made.left_out.items()):
        yield f"cell {number + 1} was left out: {why}"
    for number, fault in sorted(made.heard.faults.items()):
        if number not in made.counts.values():
            yield f"cell {number + 1} raised {_told(fault)}"


def is_class(paths: Sequence[Path]) -> bool:
    """Whether there are two notebooks among these that may be of one lesson, which no reader has."""
    met: set[str] = set()
    files = [path for path in paths if path.is_file()]
    for lesson in map(_lesson_of, files):
        name = lesson.name if lesson else ""  # of what cannot be read none can be sure
        if len(files) > 1 and (not name or name in met):
            return True
        met.add(name)
    return False


def _lesson_of(path: Path) -> Lesson | None:
    """The lesson of a notebook; None if it cannot be read or is of none, which is told when it is judged."""
    return within(lambda: judge.lesson_of(path, notebooks.read_notebook(path)), None)


def judge_all(paths: Sequence[Path], turn: int, cell_seconds: float, jobs: int) -> Iterator[Judged]:
    """Judge notebooks, several at once; each is given out in its turn, as soon as it is judged.

    Whatever is the matter with one of them costs its own row and no other.

    Raises
    ------
    NoWallError
        If no wall can be built here.
    """
    # the guard takes a thread of another name, which begins while one of our answers runs, for the answer's own
    threads = ThreadPoolExecutor(jobs, thread_name_prefix="tutor wall")
    with wall(data.sample_folder()) as behind, threads:
        judging, begun = Judge(behind, turn, cell_seconds), []
        judges_right(judging, [lesson for path in paths if (lesson := _lesson_of(path))])
        try:
            for path in paths:
                begun.append((path, *_begun(judging, threads, path)))
                if len(begun) > 2 * jobs:
                    yield _ended(judging, *begun.pop(0))
            while begun:
                yield _ended(judging, *begun.pop(0))
        finally:
            for _, _, future in begun:
                if future is not None:
                    future.cancel()


def judges_right(judging: Judge, lessons: Iterable[Lesson]) -> None:
    """Judge our own solved notebooks of the lessons that follow.

    Raises
    ------
    TutorError
        If one of their answers is not found right: then no verdict here would be worth anything.
    """
    with tempfile.TemporaryDirectory() as temporary:
        for lesson in {lesson.name: lesson for lesson in lessons}.values():
            path = Path(temporary) / Path(lesson.filename).name
            path.write_bytes(notebooks.as_bytes(notebooks.solved(lesson)))
            for row in judging.judge(path).rows:
                if row.verdict != "pass":
                    raise TutorError(
                        f"Nobody's notebook was judged, because our own solution of {row.exercise} is not found right "
                        f"on this machine ({row.verdict}: {row.message.splitlines()[0]}): see `tutor doctor`."
                    )


def read(path: Path) -> Submission:
    """Read what was handed in, for a limited time: a notebook can be made so that it never ends.

    Raises
    ------
    TutorError
        If it is no notebook of the series.
    guard.TooSlow
        If it takes too long.
    """
    with guard.time_limit(READING):
        return submission.read(path)


def _begun(judging: Judge, threads: ThreadPoolExecutor, path: Path) -> tuple[Submission | Judged, Future[None] | None]:
    """Begin with a notebook; what cannot be read is judged with that."""
    try:
        made = read(path)
        judging.expect(made)  # in this thread, which a time limit can stop
        return made, threads.submit(judging.try_out, made)
    except (Exception, guard.TooSlow) as error:
        return unreadable(path, error), None


def _ended(judging: Judge, path: Path, made: Submission | Judged, future: Future[None] | None) -> Judged:
    if future is None or isinstance(made, Judged):
        return made
    try:
        future.result()
        return judging.verdicts(made)
    except (Exception, guard.TooSlow) as error:
        return unreadable(path, error)


def unreadable(path: Path, error: BaseException) -> Judged:
    """What stands in a table for a notebook whose judging has failed."""
    if isinstance(error, TutorError):
        return judge.unreadable(path, str(error))
    if isinstance(error, guard.TooSlow):
        return judge.unreadable(path, f"{path} was given up: in {READING:g} s it was not found out what counts in it.")
    return judge.unreadable(path, f"{path} could not be judged ({type(error).__name__}: {error}).")
