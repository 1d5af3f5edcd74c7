"""How long it takes to judge a class: `tutor check --wall` beside nbgrader and otter on the same answers, in one run.

Run with `python tests/benchmarks/bench_class.py PYTHON`, the interpreter of an environment that has this package,
nbgrader and otter-grader (or name it in TUTOR_PEERS); `--lessons` judges two solved notebooks of every lesson as well.
It prints figures, asserts none.

nbgrader gets the notebooks as they are handed in, one after the other as it judges them; then the same without
demonstrations, and two courses of a half each, so that it has both cores as well. Otter gets that form, without
containers. Each has a test an exercise that calls our check.
"""

from __future__ import annotations

import csv
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tutor.builder import notebooks
from tutor.lessons.registry import REFERENCE, find_lesson, only_imports, series
from tutor.lessons.text import definition

LESSON = find_lesson("numpy_backprop")
COUNT = 12
ASKED = [i for i, known in LESSON.exercises.items() if known.kind == "function"]
NAME = LESSON.name
MANY = 300
SCORES = """
import sys
from nbgrader.api import Gradebook
with Gradebook("sqlite:///" + sys.argv[1]) as book:
    print(int(sum(one.score for one in book.assignment_submissions("ps"))))
"""
OTTERS = """
from otter.test_files import test_case
OK_FORMAT = False
name = "q{number}"
points = 1

@test_case()
def test_it({name}):
    {test}
"""


def answers(number: int) -> dict[str, str]:
    """The answers of one student: every third has all right, the others a known mistake in one exercise."""
    made = {identifier: LESSON.exercises[identifier].source for identifier in ASKED}
    wrong = ASKED[number % len(ASKED)]
    patches = [m for m in LESSON.exercises[wrong].known if m.pairs]
    if number % 3 and patches:
        made[wrong] = patches[number % len(patches)].apply(made[wrong])
    return made


def submission(given: dict[str, str]) -> dict[str, Any]:
    """The lesson's notebook with a student's answers, as it is handed in."""
    made = json.loads(notebooks.as_bytes(notebooks.solved(LESSON)))
    sources = {cell.exercise_id: cell.solved for cell in LESSON.cells if cell.exercise_id in given}
    for cell in made["cells"]:
        text = "".join(cell["source"])
        for identifier, solved in sources.items():
            if cell["cell_type"] == "code" and f'"{identifier}"' in text:
                plain = definition(solved, identifier)
                decorator = f'@exercise("{identifier}")\n'
                cell["source"] = decorator + given[identifier] if plain else text
    return made


def lean(given: dict[str, str], *, graded: bool, whole: bool = False) -> dict[str, Any]:
    """The same answers, without demonstrations unless it is `whole`; with nbgrader's marks and tests, if `graded`."""
    cells = []

    def add(source: str, name: str, **marks: Any) -> None:
        kept = {"grade": False, "locked": False, "solution": False, "task": False, "schema_version": 3}
        metadata = {"nbgrader": {**kept, "grade_id": name, **marks}} if graded and marks else {}
        cells.append(
            {"cell_type": "code", "source": source, "metadata": metadata, "outputs": [], "execution_count": None}
        )

    for number, cell in enumerate(LESSON.cells):
        if cell.exercise_id in given:
            add(given[cell.exercise_id], f"answer-{number}", solution=True)
        elif cell.kind == "code" and not cell.exercise_id and (REFERENCE in cell.tags or only_imports(cell.source)):
            add(cell.source, f"setup-{number}")
        elif whole and cell.kind == "code":
            add(cell.solved if cell.exercise_id else cell.source, f"demonstration-{number}")
    for number, identifier in enumerate(given if graded else ()):
        add(test(identifier), f"test-{number}", grade=True, locked=True, points=1)
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    for number, cell in enumerate(cells):
        cell["id"] = f"c{number}"
    return {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}


def test(identifier: str) -> str:
    """A test of one exercise."""
    name = LESSON.exercises[identifier].name
    return f'import tutor\nassert tutor.exercises["{identifier}"].check({name}, search=0).verdict == "pass"'


def write(path: Path, notebook: dict[str, Any]) -> Path:
    """Write a notebook."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def run(*commands: list[str], where: Path) -> float:
    """The seconds that commands take which run at once.

    Raises
    ------
    SystemExit
        If one of them fails.
    """
    found = os.pathsep.join([str(Path(commands[0][0]).parent), os.environ["PATH"]])
    environment = {
        **os.environ,
        "PATH": found,
        "HOME": str(where),
        "OMP_NUM_THREADS": "1",
        "JUPYTER_PLATFORM_DIRS": "1",
    }
    begun = time.perf_counter()
    with tempfile.TemporaryFile() as told:
        started = [subprocess.Popen(c, cwd=where, env=environment, stdout=told, stderr=told) for c in commands]
        codes = [process.wait() for process in started]
        took = time.perf_counter() - begun
        if any(codes):
            told.seek(0)
            sys.exit(told.read().decode(errors="replace")[-3000:] + f"\n{commands[0]} failed.")
    return took


def ours(place: Path, count: int) -> tuple[float, list[str]]:
    """Seconds of the command for so many students, and the verdicts on the exercises that the peers judge as well."""
    for number in range(count):
        write(place / f"class{count}" / f"s{number:03d}" / f"{NAME}.ipynb", submission(answers(number % COUNT)))
    command = [sys.executable, "-m", "tutor", "check", "--wall", f"class{count}", "--csv"]
    begun = time.perf_counter()
    shown = subprocess.run(command, cwd=place, check=True, capture_output=True, text=True)
    took = time.perf_counter() - begun
    rows = csv.DictReader(io.StringIO(shown.stdout))
    return took, [row["verdict"] for row in rows if row["exercise"] in ASKED]


def by_nbgrader(python: str, place: Path, processes: int, whole: bool) -> tuple[float, int]:
    """Seconds of nbgrader for all students, in as many courses as processes, and how many tests were passed."""
    courses = [place / f"course{processes}{whole}{number}" for number in range(processes)]
    for first, course in enumerate(courses):
        write(course / "source" / "ps" / f"{NAME}.ipynb", lean(answers(0), graded=True, whole=whole))
        (course / "nbgrader_config.py").write_text('c = get_config()\nc.CourseDirectory.course_id = "bench"\n')
        run([python, "-m", "nbgrader", "generate_assignment", "ps", "--force"], where=course)
        for number in range(first, COUNT, processes):
            write(
                course / "submitted" / f"s{number}" / "ps" / f"{NAME}.ipynb",
                lean(answers(number), graded=True, whole=whole),
            )
    took = run(*([python, "-m", "nbgrader", "autograde", f"--course-dir={c}", "ps"] for c in courses), where=place)
    counts = [subprocess.check_output([python, "-c", SCORES, str(course / "gradebook.db")]) for course in courses]
    return took, sum(map(int, counts))


def by_otter(python: str, place: Path, processes: int, whole: bool) -> tuple[float, int]:
    """Seconds of `otter run` for all students, so many at once, and how many tests were passed."""
    for number, identifier in enumerate(ASKED):
        name = LESSON.exercises[identifier].name
        text = OTTERS.format(number=number, name=name, test=test(identifier).replace("\n", "\n    "))
        (place / "tests").mkdir(exist_ok=True)
        (place / "tests" / f"q{number}.py").write_text(text)
    run([python, "-m", "otter", "generate", "-t", "tests", "--no-environment", "-o", "autograder.zip"], where=place)
    commands = []
    for number in range(COUNT):
        path = write(place / "otter" / f"s{number}" / f"{NAME}.ipynb", lean(answers(number), graded=False, whole=whole))
        zipped = place / "autograder.zip"
        commands.append(
            [python, "-m", "otter", "run", "-a", str(zipped), "-o", str(path.parent), "--no-logo", str(path)]
        )
    took = sum(run(*commands[k : k + processes], where=place) for k in range(0, COUNT, processes))
    results = [json.loads(path.read_text()) for path in place.glob("otter/*/results.json")]
    return took, sum(
        int(one.get("score", 0) > 0) for made in results for one in made["tests"] if one["name"] != "Public Tests"
    )


def all_lessons(place: Path) -> float:
    """Seconds for two solved notebooks of every lesson."""
    for lesson in series():
        for student in ("ada", "bob"):
            path = place / "all" / student / Path(lesson.filename).name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(notebooks.as_bytes(notebooks.solved(lesson)))
    return run([sys.executable, "-m", "tutor", "check", "--wall", "all", "--csv"], where=place)


PEERS = (
    ("nbgrader, as handed in", by_nbgrader, 1, True),
    ("without demonstrations", by_nbgrader, 1, False),
    ("and two at once", by_nbgrader, 2, False),
    ("otter, just so", by_otter, 2, False),
)


def main() -> None:
    arguments = [argument for argument in sys.argv[1:] if argument != "--lessons"]
    python = arguments[0] if arguments else os.environ.get("TUTOR_PEERS", "")
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        few, verdicts = zip(*(ours(place / f"run{k}", COUNT) for k in range(3)), strict=True)
        many, _ = ours(place / "many", 4 * COUNT)
        took, slope = statistics.median(few), (many - statistics.median(few)) / (3 * COUNT)
        print(f"{COUNT} submissions of {NAME}, {len(ASKED)} exercises each, {verdicts[0].count('pass')} answers right")
        print(f"tutor check --wall      {took / COUNT:6.2f} s a submission, the start and our own solution included")
        print(
            f"                        {slope:6.2f} s each further one, "
            f"{MANY} of them in {(took + slope * (MANY - COUNT)) / 60:.1f} min"
        )
        if "--lessons" in sys.argv:
            print(f"two solved notebooks of each of {len(list(series()))} lessons: {all_lessons(place):.0f} s")
        if (
            not python
            or subprocess.run([python, "-c", "import nbgrader, otter, tutor"], capture_output=True).returncode
        ):
            print(
                "nbgrader and otter were not run: name a Python that has this package, nbgrader and otter-grader "
                "(`pip install -c constraints.txt . nbgrader otter-grader` into an environment of their own)."
            )
            return
        for name, peer, processes, whole in PEERS:
            seconds, passed = peer(python, place, processes, whole)
            print(
                f"{name:<22}  {seconds / COUNT:6.2f} s a submission, {passed} answers right; "
                f"{seconds / took:.1f} times ours, {seconds / COUNT / slope:.1f} times a further one of ours"
            )


if __name__ == "__main__":
    main()
