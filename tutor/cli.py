"""The command line: parses, calls, prints."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from tutor import console
from tutor.errors import TutorError

WORK = Path("work")


def _copies() -> Path:
    """The folder of the reader's copies: this one if they were started here, the one above a shelf, or `work`."""
    from tutor.lessons import SHELVES

    if any(any(Path(shelf).glob("[0-9]_*.ipynb" if shelf else "[0-9][0-9]_*.ipynb")) for shelf in SHELVES):
        return Path()
    return Path("..") if Path.cwd().name in SHELVES and any(Path().glob("[0-9]_*.ipynb")) else WORK


class Group(click.Group):
    """Commands whose errors are one sentence and a non-zero exit; `--debug` shows the traceback."""

    def main(self, *arguments: Any, **options: Any) -> Any:
        console.prepare()
        return super().main(*arguments, **options)

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except BrokenPipeError:  # what reads the output (`head`, a pager) has ended; click knows what to do
            raise
        except (TutorError, OSError, ModuleNotFoundError) as error:
            if context.params.get("debug"):
                raise
            raise Sentence(_sentence(error)) from None


class Sentence(click.ClickException):
    """An error that is printed like everything else."""

    def show(self, file: Any = None) -> None:
        console.say(f"Error: {self.message}", err=True)


def _sentence(error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError):
        if error.name == "torch":
            return "PyTorch is not installed here: run `make lab`, or install torch as pytorch.org/get-started says."
        return f"The package {error.name} is missing: install it, or run `make lab`."
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'A file'}: {error.strerror}."
    return str(error)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.version_option(package_name="autograd-tutor")
def main(debug: bool) -> None:
    """Learn how PyTorch works, one notebook after another."""


@main.command()
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option("--port", type=click.IntRange(1, 65535), help="Port for JupyterLab; by default a free one.")
@click.option("--no-browser", is_flag=True, help="Do not open a browser; print the address.")
def lab(folder: Path | None, port: int | None, no_browser: bool) -> None:
    """Open JupyterLab on your copies of the notebooks (in FOLDER; by default here if they are here, else in `work`).

    Copies are first brought up to date; `tutor start --dry-run` says what that would do.
    """
    from tutor.builder import copies

    folder = folder or _copies()
    for module, name in (("torch", "torch"), ("jupyterlab", "jupyterlab")):
        if importlib.util.find_spec(module) is None:
            raise ModuleNotFoundError(name=name)
    if port is not None and _in_use(port):
        raise TutorError(f"Port {port} is in use: choose another with --port, or leave it out for a free one.")
    _print(copies.start(folder))
    # -P: without it a `logging.py` in the folder that this is called in would be imported by JupyterLab
    command = [sys.executable, "-P", "-m", "jupyterlab", f"--ServerApp.root_dir={folder.resolve()}"]
    command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"] if port is not None else []
    command += ["--no-browser"] if no_browser else []
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # containers run as root; Jupyter refuses that unless it is told
    command.append(f"--LabApp.default_url=/lab/tree/{_first(folder)}")
    if os.name == "posix":  # this process becomes JupyterLab, so that Ctrl-C and `kill` reach it and nothing is left
        os.execve(sys.executable, command, _lab_environment())
    sys.exit(subprocess.run(command, env=_lab_environment()).returncode)


def _lab_environment() -> dict[str, str]:
    """JupyterLab with its own interpreter as its kernel, and without its news prompt, which needs a network.

    Its folders come before the reader's, whose kernel `python3` may be another project's. torch's threads wait without
    spinning: two that spin against another process were measured 200 times slower.
    """
    ours = str(Path(__file__).parent / "jupyter")
    paths = {
        name: os.pathsep.join(filter(None, (ours, os.environ.get(name))))
        for name in ("JUPYTER_CONFIG_PATH", "JUPYTER_PATH")
    }
    return {**os.environ, **paths, "OMP_WAIT_POLICY": "PASSIVE"}


def _first(folder: Path) -> str:
    """Where to begin: the first notebook of the series that the reader has begun, or else of the first one."""
    from tutor.lessons.registry import series
    from tutor.store import Progress

    answered = {identifier.split(".")[0] for identifier in Progress().read()}
    begun = [lesson.shelf for lesson in series() if lesson.name in answered]
    firsts = [lesson.filename for lesson in series() if not begun or lesson.shelf in begun]
    return next((name for name in firsts if (folder / name).exists()), "")


def _in_use(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@main.command()
@click.argument("folder", type=click.Path(path_type=Path), default=WORK)
@click.option("--dry-run", "dry", is_flag=True, help="Write nothing; say what would be done.")
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder of other copies: carry the answers in them over into those in FOLDER.",
)
def start(folder: Path, dry: bool, source: Path | None) -> None:
    """Copy the notebooks into FOLDER; copies that are there are updated and keep your answers."""
    from tutor.builder import copies

    _print(copies.start(folder, source=source, dry=dry) or [f"{folder} is up to date."])


@main.command()
@click.argument("lessons", nargs=-1)
@click.option("--solved", is_flag=True, help="The solved notebooks: every exercise must pass.")
@click.option("--shipped", type=click.Path(path_type=Path, exists=True), help="Run the notebooks in this folder.")
@click.option("--changed", metavar="COMMIT", help="Only lessons whose text or data differ from this commit's.")
@click.option("--jobs", type=click.IntRange(min=1), default=2, show_default=True, help="Notebooks at once.")
def run(lessons: tuple[str, ...], solved: bool, shipped: Path | None, changed: str | None, jobs: int) -> None:
    """Run LESSONS (all by default) headless under nbval."""
    from tutor.builder import lanes

    chosen = _lessons(lessons)
    if changed is not None:
        chosen = lanes.changed(chosen, changed)
        if not chosen:
            console.say(f"no lesson differs from {changed}")
            return
    sys.exit(lanes.run(chosen, solved=solved, jobs=jobs, folder=shipped))


@main.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[NOTEBOOK]...")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, a row an exercise.")
@click.option("--bom", is_flag=True, help="Begin the CSV with a byte-order mark, by which Excel knows UTF-8.")
@click.option(
    "--cell-seconds", type=click.FloatRange(min=1), default=120.0, show_default=True, help="Time limit of a cell."
)
@click.option(
    "--wall/--unsafe",
    default=None,
    help="Run the notebooks' code behind a wall, or in plain processes that may do what you may. By default several "
    "notebooks of one lesson are a class and go behind the wall, and so does an archive.",
)
@click.option(
    "--jobs", type=click.IntRange(min=1), default=2, show_default=True, help="Notebooks at once, with --wall."
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Let the workers of this Dask cluster judge the notebooks, each behind a wall of its own.",
)
@click.option("--html", type=click.Path(path_type=Path), help="Write a summary of the class to this file, as a page.")
@click.option("--markdown", type=click.Path(path_type=Path), help="Write that summary as Markdown.")
@click.option(
    "--record", type=click.Path(path_type=Path), help="Keep every notebook's verdicts in this file as they are known."
)
@click.option("--resume", is_flag=True, help="Take what --record holds already; judge what is new or has changed.")
def check(
    paths: tuple[Path, ...],
    as_json: bool,
    as_csv: bool,
    bom: bool,
    cell_seconds: float,
    wall: bool | None,
    jobs: int,
    scheduler: str | None,
    html: Path | None,
    markdown: Path | None,
    record: Path | None,
    resume: bool,
) -> None:
    """Judge NOTEBOOKs, or those in a folder or an archive, each in a process of its own.

    Without any it judges your own copies, here or in `work`, and only then notes your progress.

    This runs the code in the notebooks. Judge other people's with --wall, which needs Linux and bubblewrap: there
    they find no network, no file of yours, no solution and no other notebook.
    """
    from tutor.builder import classes, handed, tables, walled
    from tutor.store import Progress

    if as_json and as_csv:
        raise TutorError("`--json` and `--csv` print different things: choose one of them.")
    if bom and not as_csv:
        raise TutorError("`--bom` belongs to `--csv`: give both.")
    if resume and record is None:
        raise TutorError("`--resume` goes on with what `--record FILE` has kept: give both.")
    if scheduler and (wall is False or not paths):
        raise TutorError(
            "`--scheduler` judges the notebooks that you name, behind walls: name some, without `--unsafe`."
        )
    own, store, failed = not paths, Progress(), False
    with tempfile.TemporaryDirectory(prefix="tutor-") as unpacked, classes.Pages(html, markdown) as pages:
        found = handed.handed_in(paths or _own_notebooks(), Path(unpacked))
        behind = not own and (handed.is_archived(found) or walled.is_class([one.path for one in found]))
        behind = behind if wall is None else wall
        judging = functools.partial(_on_a_cluster, scheduler) if scheduler else _behind_a_wall if behind else _judged
        verdicts = classes.verdicts(found, lambda some: judging(some, cell_seconds, jobs), record, resume)
        with (
            tables.as_json() if as_json else tables.csv(bom=bom) if as_csv else tables.text() as write,
            _shown(verdicts, len(found)) as shown,
        ):
            for one, judged in shown:
                if judged.unreadable and (as_json or as_csv):
                    console.say(judged.rows[0].message, err=True)
                write(judged)
                pages.add(one, judged)
                failed |= judged.unreadable
                if own:
                    _note(store, judged)
    if store.notice:
        console.say(store.notice, err=True)
    sys.exit(1 if failed else 0)


def _shown(verdicts: Iterator[Any], count: int) -> Any:
    """The verdicts behind a bar that tells how many notebooks are left and how long they may take.

    It stands where a person waits for a file to be written; rows that are printed tell their own progress.
    """
    if count > 1 and sys.stderr.isatty() and not sys.stdout.isatty():
        return click.progressbar(verdicts, length=count, label="judging", show_pos=True, file=sys.stderr)
    return contextlib.nullcontext(verdicts)


def _own_notebooks() -> list[Path]:
    from tutor.lessons.registry import notebooks_in

    folder = _copies()
    if found := [path for path in notebooks_in(folder) if path.name[0].isdigit()]:
        return found
    raise TutorError(f"There is no notebook in {folder.resolve()}: run `tutor start` first, or name a notebook.")


def _behind_a_wall(paths: Sequence[Path], cell_seconds: float, jobs: int) -> Iterator[Any]:
    """The verdicts on other people's notebooks; with what numbers they are tried nobody knows before."""
    from tutor.builder import walled

    return walled.judge_all(paths, 1 + secrets.randbelow(walled.TURNS), cell_seconds, jobs)


def _on_a_cluster(scheduler: str, paths: Sequence[Path], cell_seconds: float, jobs: int) -> Iterator[Any]:
    """The same, by the workers of a Dask cluster; how many they are it knows itself."""
    from tutor.builder import cluster, walled

    return cluster.judge_all(paths, 1 + secrets.randbelow(walled.TURNS), cell_seconds, scheduler)


def _judged(paths: Sequence[Path], cell_seconds: float, jobs: int) -> Iterator[Any]:
    return (_judge(path, cell_seconds) for path in paths)


def _judge(path: Path, cell_seconds: float) -> Any:
    """The verdicts on a notebook; whatever is the matter with it costs one row and never the other notebooks."""
    from tutor.builder import judge

    try:
        if path.is_dir() and path.suffix != ".ipynb":
            raise TutorError(f"There is no notebook in {path.resolve()}: name the notebooks, or their folder.")
        return judge.judge(path, cell_seconds=cell_seconds)
    except ModuleNotFoundError:  # the installation's fault
        raise
    except TutorError as error:
        return judge.unreadable(path, str(error))
    except Exception as error:
        if click.get_current_context().find_root().params.get("debug"):
            raise
        return judge.unreadable(path, f"{path} could not be judged ({type(error).__name__}: {error}).")


def _note(store: Any, judged: Any) -> None:
    for row in judged.rows:
        if row.verdict not in ("todo", "missing", "unreadable"):
            store.record(row.exercise, row.verdict)


@main.command()
def progress() -> None:
    """Show what you have solved."""
    from tutor.session import progress as show

    show()


@main.command()
@click.argument("lesson")
@click.argument("exercise", required=False)
@click.option(
    "--in",
    "folder",
    type=click.Path(path_type=Path),
    help="The folder of your copies; by default this one if they are here, else `work`.",
)
def reset(lesson: str, exercise: str | None, folder: Path | None) -> None:
    """Restore LESSON, or one EXERCISE of it; your old text is kept beside it."""
    from tutor.builder import copies
    from tutor.lessons.registry import find_lesson

    console.say(copies.reset(folder or _copies(), find_lesson(lesson), exercise))


@main.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
def data(folder: Path | None) -> None:
    """Fetch FashionMNIST where it is missing, verify it, and say where it is (in FOLDER or the cache)."""
    from tutor import data as images

    for place in images.status(folder):
        kind = "sample" if place.is_sample else place.source
        console.say(f"  {kind:<9} {place.state:<10} {place.folder}" + (f"  {place.problem}" if place.problem else ""))
    place = images.fetch(folder)
    console.say(f"FashionMNIST is verified and will be read from {place.folder}.")


@main.command()
def doctor() -> None:
    """Say what works on this machine, and how to mend what does not."""
    from tutor.environment import survey

    found = survey()
    console.say(found.text)
    sys.exit(0 if found.healthy else 1)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path("notebooks"))
@click.option("--force", is_flag=True, help="Build anew also what was changed by hand (a copy is kept).")
@click.option("--check", "only_check", is_flag=True, help="Write nothing; fail if a build would change anything.")
@click.option("--record", multiple=True, metavar="LESSON", help="Run the solved LESSON and keep its checked outputs.")
@click.option("--solved", is_flag=True, help="Write the solved notebooks instead (for teachers; FOLDER is needed).")
def build(folder: Path, force: bool, only_check: bool, record: tuple[str, ...], solved: bool) -> None:
    """Lint the course and write its unsolved notebooks into FOLDER."""
    from tutor.builder import write
    from tutor.builder.lint import lint

    _print(f"recorded {write.record(lesson)}" for lesson in _lessons(record) if record)
    complaints = [complaint for lesson in _lessons(()) for complaint in lint(lesson)]
    if complaints:
        raise TutorError("\n".join(complaints))
    if solved:
        if folder == Path("notebooks"):
            raise TutorError("Solved notebooks are never kept in `notebooks`: name another folder.")
        _print(f"wrote {path}" for path in write.write_solved(_lessons(()), folder))
    elif only_check:
        stale = write.stale(folder)
        if stale:
            raise TutorError(f"{', '.join(stale)} in {folder} is not what the lessons say: run `tutor build`.")
        console.say("the notebooks are what the lessons say")
    else:
        _print(write.build(folder, force=force))


@main.command()
@click.argument("lessons", nargs=-1)
@click.option(
    "--nbgrader",
    "course",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="The folder of a course that is run with nbgrader.",
)
@click.option("--force", is_flag=True, help="Write anew also what is there and differs (a copy is kept).")
def export(lessons: tuple[str, ...], course: Path, force: bool) -> None:
    """Write LESSONS (all by default) for another tool: as nbgrader's source, an assignment each."""
    from tutor.builder import assignments

    _print(assignments.export(_lessons(lessons), course, force=force))


@main.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path("build"))
@click.option("--jobs", type=click.IntRange(min=1), default=2, show_default=True, help="Notebooks at once.")
def site(folder: Path, jobs: int) -> None:
    """Execute the lessons and build the series as a site into FOLDER/site (for authors, in a clone)."""
    from tutor.builder import site as pages

    for name in ("sphinx", "myst_nb", "furo"):
        if importlib.util.find_spec(name) is None:
            raise TutorError(f"`tutor site` needs {name}: install it with `pip install autograd-tutor[site]`.")
    console.say(f"{pages.build(folder, Path('docs/site'), jobs=jobs, say=console.say) / 'index.html'} is ready")


def _lessons(names: tuple[str, ...]) -> list[Any]:
    from tutor.lessons.registry import find_lesson, series

    return [find_lesson(name) for name in names] or list(series())


def _print(lines: Any) -> None:
    for line in lines:
        console.say(line)


@main.command()
@click.argument("lessons", nargs=-1)
@click.option("--jobs", type=click.IntRange(min=1), default=2, show_default=True, help="Exercises at once.")
@click.option(
    "--write", "readme", type=click.Path(path_type=Path, exists=True), help="Write the totals into this README."
)
@click.option(
    "--check", "stated", type=click.Path(path_type=Path, exists=True), help="Fail if this README says otherwise."
)
def quality(lessons: tuple[str, ...], jobs: int, readme: Path | None, stated: Path | None) -> None:
    """Prove the exercises of LESSONS (all by default) and print the table; fails if one is not proven."""
    from tutor.builder import quality as proofs
    from tutor.store import write_atomically

    proven = proofs.prove_all(_lessons(lessons), jobs)
    console.say(proofs.table(proven))
    complaints = [complaint for proof in proven for complaint in proof.complaints]
    if complaints:
        raise TutorError("\n".join(complaints))
    if readme is not None:
        write_atomically(readme, proofs.with_totals(readme.read_text(encoding="utf-8"), proven))
    if stated is not None and not proofs.says(stated.read_text(encoding="utf-8"), proven):
        raise TutorError(f"{stated} states other figures: run `tutor quality --write {stated}`.")


@main.command()
@click.argument("lesson")
@click.argument("exercise")
@click.option("--in", "folder", type=click.Path(path_type=Path), help="Folder of lessons; by default the series' own.")
@click.option(
    "--kind",
    type=click.Choice(("answer", "repair", "program")),
    default="answer",
    show_default=True,
    help="What is asked for: a definition, a broken one to be mended, a program from an empty cell.",
)
def new(lesson: str, exercise: str, folder: Path | None, kind: str) -> None:
    """Write the skeleton of EXERCISE into LESSON, which is made where there is none."""
    from tutor.builder import new as skeletons

    _print(skeletons.add(lesson, exercise, folder, kind))
