"""`tutor run`: execute notebooks headless under nbval, in the unsolved lane or the solved one."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tutor.builder import notebooks, numbers
from tutor.checking.report import VERDICTS
from tutor.errors import TutorError
from tutor.lessons.registry import Lesson

# By the wall, so that only a hang takes so long: a cell that starts processes took 60 s with 20 others waiting.
CELL_SECONDS = 300
MOST_REPORTED = 16 * 2**20  # bytes of a report that are read
# A deprecation warning that a cell's own code causes fails the lane; a cell whose lesson is the warning says so with
# `with expect(DeprecationWarning):`.
WARNINGS = "error::DeprecationWarning:__main__,error::FutureWarning:__main__"


def run(lessons: list[Lesson], *, solved: bool, jobs: int = 2, folder: Path | None = None) -> int:
    """Run one lane; return pytest's exit status, or 1 if an exercise did not report the lane's verdict.

    Parameters
    ----------
    lessons : which lessons.
    solved : the solved notebooks, where every exercise must pass; else the shipped ones, where every one is to do.
    jobs : how many notebooks run at once.
    folder : take these notebooks instead of fresh ones (the shipped ones, for instance).
    """
    if importlib.util.find_spec("nbval") is None:
        raise TutorError(
            "`tutor run` needs nbval: in a clone, `make .venv/.test` or `pip install -e '.[test]'` installs it."
        )
    verdict = "pass" if solved else "todo"
    with tempfile.TemporaryDirectory() as temporary:
        place, spare = folders(Path(temporary))
        paths = [_put(lesson, place, solved, folder) for lesson in lessons]
        report = place / "report.jsonl"
        status = subprocess.run(
            _command(place, paths, jobs), cwd=place, env=environment(place, spare, verdict, report)
        ).returncode
        complaints = silent(lessons, report, verdict)
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    return status or (1 if complaints else 0)


def changed(lessons: list[Lesson], commit: str) -> list[Lesson]:
    """The lessons with a file that differs from a commit's, or that git does not know yet.

    Raises
    ------
    TutorError
        If git is missing, or does not know the commit.
    """
    return [lesson for lesson in lessons if _differs(lesson.folder, commit)]


def _differs(folder: Path, commit: str) -> bool:
    compared = _git(folder, "diff", "--quiet", commit, "--", ".")
    if compared.returncode > 1:
        raise TutorError(f"git cannot compare with {commit!r}: {compared.stderr.strip().splitlines()[0]}")
    return bool(compared.returncode or _git(folder, "ls-files", "--others", "--exclude-standard", ".").stdout)


def _git(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True)
    except FileNotFoundError:
        raise TutorError("`--changed` asks git what has changed, and git is not installed.") from None


def _put(lesson: Lesson, place: Path, solved: bool, folder: Path | None) -> Path:
    """A copy of the notebook to run; a shipped one is copied so that nothing can write into it."""
    path = place / lesson.filename
    path.parent.mkdir(exist_ok=True)
    if folder is not None:
        path.write_bytes((folder / lesson.filename).read_bytes())
    else:
        path.write_bytes(notebooks.as_bytes(notebooks.solved(lesson) if solved else notebooks.student(lesson)))
    return path


def _command(place: Path, paths: list[Path], jobs: int) -> list[str]:
    parallel = ["-n", str(jobs), "--dist", "loadscope"] if jobs > 1 and len(paths) > 1 else []
    (place / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    options = [
        "--nbval-lax",
        "--nbval-current-env",
        f"--nbval-cell-timeout={CELL_SECONDS}",
        "-p",
        "no:cacheprovider",
        "-p",
        numbers.__name__,
        "-q",
    ]
    return [sys.executable, "-m", "pytest", *options, *parallel, *map(str, paths)]


def folders(root: Path) -> tuple[Path, Path]:
    """Make and return the two folders that notebooks run with: where they stand, and for what they throw away."""
    place, spare = root / "notebooks", root / "tmp"
    place.mkdir()
    spare.mkdir()
    return place, spare


def environment(place: Path, spare: Path, verdict: str, report: Path) -> dict[str, str]:
    """One torch thread per kernel unless OMP_NUM_THREADS says otherwise.

    Kernels that compete for cores with two threads each were measured 200 x slower.

    The temporary folder is the lane's own, beside the notebooks: nbval kills its kernels, and what a killed one had
    there goes with the lane. inductor's trial translations, one for each set of vector instructions, are left out, and
    so are IPython's startup files and pytest's options of whoever runs the lane.
    """
    return {
        **os.environ,
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(spare)),
        "TORCHINDUCTOR_VEC_ISA_OK": "1",
        "TUTOR_EXPECT": verdict,
        "TUTOR_REPORT": str(report),
        "TUTOR_HOME": str(place / "home"),
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
        "OMP_WAIT_POLICY": "PASSIVE",
        "PYTHONWARNINGS": WARNINGS,
        "PYTEST_ADDOPTS": "",
        "IPYTHONDIR": str(place / "ipython"),
    }


def read_report(path: Path) -> list[dict[str, Any]]:
    """The verdicts that notebooks reported, in order; lines that no checker wrote are passed over."""
    if not path.is_file():
        return []
    with path.open("rb") as file:
        text = file.read(MOST_REPORTED).decode("utf-8", "replace")
    return [report for line in text.split("\n") if (report := _report(line)) is not None]


def _report(line: str) -> dict[str, Any] | None:
    """A line of the report; an answer may have written into it before its own verdict came."""
    try:
        report = json.loads(line[max(0, line.rfind('{"exercise"')) :])
    except (ValueError, RecursionError):
        return None
    wanted = {"exercise": str, "verdict": str, "misconception": str | None, "message": str}
    if not isinstance(report, dict) or report.get("verdict") not in VERDICTS:
        return None
    return report if all(isinstance(report.get(name), kind) for name, kind in wanted.items()) else None


def silent(lessons: list[Lesson], report: Path, verdict: str) -> list[str]:
    """A sentence for every declared exercise that did not report the verdict."""
    seen = {(row["exercise"], row["verdict"]) for row in read_report(report)}
    declared = [identifier for lesson in lessons for identifier in lesson.exercises]
    return [f"{i} never reported {verdict}." for i in declared if (i, verdict) not in seen]
