"""A class that a Dask cluster judges: the same verdicts as here, whatever becomes of a worker."""

import contextlib
import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import dask
import pytest
from click.testing import CliRunner
from distributed import Client, LocalCluster

from tests.conftest import FORMS
from tutor.builder import cluster, notebooks, walled, worker
from tutor.cli import main
from tutor.errors import TutorError
from tutor.lessons.edition import edition
from tutor.lessons.registry import find_lesson
from tutor.wall.bubble import NoWallError
from tutor.wall.pool import wall

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("cluster")]

LESSON = "start_here"
TURN, SECONDS = 5, 60.0
STUDENTS = 8


@pytest.fixture(scope="module", autouse=True)
def _can_be_had():
    try:
        with wall():
            pass
    except NoWallError as error:
        pytest.skip(str(error))


@pytest.fixture
def paths(tmp_path):
    """A class's notebooks: solved, unsolved and wrong ones, each of which takes a while, and one that is none."""
    lesson, made = find_lesson(LESSON), []
    for number in range(STUDENTS):
        notebook = (notebooks.student if number % 4 == 0 else notebooks.solved)(lesson)
        cell = next(cell for cell in notebook["cells"] if "def squared_error(" in "".join(cell["source"]))
        text = "".join(cell["source"])
        if number % 4 == 3:
            text = text.replace(".sum()", ".mean()")
        cell["source"] = f"import time\n\ntime.sleep({0.5 + number / 10})\n{text}"
        made.append(tmp_path / f"student{number}" / Path(lesson.filename).name)
        made[-1].parent.mkdir()
        made[-1].write_bytes(notebooks.as_bytes(notebook))
    made[3].write_text("torn", encoding="utf-8")
    return made


@contextlib.contextmanager
def local(workers=2, **settings):
    """A cluster on this machine, its workers processes of their own."""
    with (
        dask.config.set(settings),
        LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None) as made,
    ):
        yield made


def judging_worker(made):
    """The process of a worker that is judging, and those that it has beside it."""
    with Client(made, set_as_default=False) as client:
        for _ in range(600):
            for name in (name for name, keys in client.processing().items() if keys):
                pid = client.run(os.getpid, workers=[name])[name]
                tasks = Path(f"/proc/{pid}/task").iterdir()
                if beside := [int(child) for task in tasks for child in (task / "children").read_text().split()]:
                    return pid, beside
            time.sleep(0.1)
    pytest.fail("no worker judges")


def test_a_worker_that_is_killed_costs_nothing_but_time(paths, monkeypatch):
    monkeypatch.setattr(cluster, "AHEAD", 5)
    with local() as made:
        judging = cluster.judge_all(paths, TURN, SECONDS, made.scheduler_address)
        found = [next(judging)]
        _, (beside,) = judging_worker(made)
        os.kill(beside, signal.SIGKILL)
        found.append(next(judging))
        pid, beside = judging_worker(made)
        os.kill(pid, signal.SIGKILL)
        found += judging
    assert found == list(walled.judge_all(paths, TURN, SECONDS, 2))
    assert {row.verdict for one in found for row in one.rows} == {"pass", "todo", "wrong", "unreadable"}
    for pid in beside:  # what judged for the worker has ended as well
        for _ in range(600):
            if not Path(f"/proc/{pid}").exists():
                break
            time.sleep(0.1)
        else:
            pytest.fail(f"process {pid} outlives its worker")


def test_a_notebook_whose_workers_always_end_is_one_row(paths):
    with local(**{"distributed.scheduler.allowed-failures": 0}) as made:
        judging = cluster.judge_all(paths, TURN, SECONDS, made.scheduler_address)
        found = [next(judging)]
        os.kill(judging_worker(made)[0], signal.SIGKILL)
        found += judging
    here = list(walled.judge_all(paths, TURN, SECONDS, 2))
    lost = [one for one, right in zip(found, here, strict=True) if one != right]
    assert 1 <= len(lost) <= 3, "those that were on the worker"
    assert all(
        one.rows[0].message == f"{one.path} could not be judged: every process that judged it ended." for one in lost
    )


def test_the_command_prints_the_same_rows_and_goes_on_with_what_was_recorded(paths, tmp_path):
    record, page = tmp_path / "record.jsonl", tmp_path / "page.html"
    with local() as made:
        command = ["check", str(tmp_path), "--scheduler", made.scheduler_address, "--record", str(record), "--csv"]
        first = CliRunner().invoke(main, [*command, "--html", str(page)])
    rows = list(csv.DictReader(io.StringIO(first.stdout)))
    count = len(find_lesson(LESSON).exercises)
    assert first.exit_code == 1 and len(rows) == (STUDENTS - 1) * count + 1, first.output  # the torn one is a row
    assert [row["student"] for row in rows] == sorted(row["student"] for row in rows)
    assert f"{STUDENTS} students, 1 lesson" in page.read_text()
    again = CliRunner().invoke(main, [*command, "--resume"])  # the cluster is gone, and nobody asks for it
    assert again.stdout == first.stdout


def test_a_scheduler_that_is_lost_ends_it_with_a_sentence(paths):
    with (
        local(workers=1) as made,
        pytest.raises(TutorError, match=r"The Dask scheduler at tcp.* was lost: with `--rec"),
    ):
        for _ in cluster.judge_all(paths, TURN, SECONDS, made.scheduler_address):
            made.close()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("nonsense", '"nonsense" is no address of a Dask scheduler (missing port'),
        ("http://here:1", "(unknown address scheme 'http'"),
        ("tcp://127.0.0.1:1", "No Dask scheduler answers at tcp://127.0.0.1:1 (OSError: Timed out"),
        ("tls://127.0.0.1:1", "tls://127.0.0.1:1 asks for TLS: set the certificates"),
    ],
)
def test_a_scheduler_that_cannot_be_reached_is_told(address, said, paths, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECTING", 1)
    told = CliRunner().invoke(main, ["check", str(paths[0]), "--scheduler", address])
    assert told.exit_code == 1 and told.output.startswith("Error: ") and said in told.output
    assert told.output.count("\n") == 1


def test_a_package_that_is_missing_and_options_that_exclude_each_other_are_told(paths, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    told = CliRunner().invoke(main, ["check", str(paths[0]), "--scheduler", "tcp://127.0.0.1:1"]).output
    assert "Error: `--scheduler` needs the package distributed: `pip install autograd-tutor[cluster]`" in told
    for more in ([str(paths[0]), "--unsafe"], []):
        told = CliRunner().invoke(main, ["check", *more, "--scheduler", "tcp://127.0.0.1:1"])
        assert told.exit_code == 1 and "behind walls: name some, without `--unsafe`" in told.output


@pytest.fixture
def join():
    """Start a worker of its own for a scheduler, with another environment."""
    started = []

    def start(address, **environment):
        command = [sys.executable, "-P", "-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny"]
        nowhere = subprocess.DEVNULL
        environment = {**os.environ, **environment}
        started.append(subprocess.Popen([*command, "--no-dashboard"], env=environment, stdout=nowhere, stderr=nowhere))

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_a_worker_that_cannot_judge_is_told_before_anybody_is_judged(paths, join, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "WAITING", 1)
    other = tmp_path / "other"
    (other / "tutor").mkdir(parents=True)
    (other / "tutor" / "__init__.py").write_text("# another project's\n")
    with local(workers=0) as made, pytest.raises(TutorError, match="has no worker: start one with `dask worker tcp://"):
        list(cluster.judge_all(paths, TURN, SECONDS, made.scheduler_address))
    monkeypatch.setattr(cluster, "WAITING", 300)
    for environment, said in (
        ({"PYTHONPATH": str(other)}, "the package cannot be used there"),
        ({"TUTOR_LESSONS": str(FORMS)}, "it has another version of the series, or other folders in TUTOR_LESSONS"),
        ({"PATH": "/nowhere"}, "needs Linux and bubblewrap"),
    ):
        with local(workers=0) as made, pytest.raises(TutorError, match=said) as raised:
            join(made.scheduler_address, **environment)
            list(cluster.judge_all(paths, TURN, SECONDS, made.scheduler_address))
        assert str(raised.value).startswith("The worker tcp://")


def test_a_worker_that_joins_later_with_another_version_judges_nothing():
    task = worker.Task("another", "ada.ipynb", b"{}", TURN, SECONDS)
    with contextlib.ExitStack() as stack:
        assert worker.Bench(stack).judge(task) == worker.Refused(worker.OTHER)


def test_each_process_judges_our_own_solutions_first_and_nobodys_where_they_are_not_right(paths, monkeypatch):
    asked, right = [], True

    def judges_right(judging, lessons):
        asked.extend(lesson.name for lesson in lessons)
        if not right:
            raise TutorError("Nobody's notebook was judged.")

    monkeypatch.setattr(worker, "wall", contextlib.nullcontext)
    monkeypatch.setattr(walled, "judges_right", judges_right)
    monkeypatch.setattr(walled.Judge, "try_out", lambda judging, made: None)
    with contextlib.ExitStack() as stack:
        bench = worker.Bench(stack)
        for turn in (TURN, TURN, TURN + 1):
            task = task_of(paths[1], turn=turn)
            assert [row.exercise for row in bench.judge(task).rows] == list(find_lesson(LESSON).exercises)
        assert asked == [LESSON] * 2, "once for all notebooks that are tried with the same numbers"
        right = False
        assert worker.Bench(stack).judge(task) == worker.Refused("Nobody's notebook was judged.")


def test_a_notebook_that_cannot_be_judged_is_a_row_and_a_wall_that_is_gone_ends_the_process(paths, monkeypatch):
    def try_out(judging, made):
        raise error

    monkeypatch.setattr(worker, "wall", contextlib.nullcontext)
    monkeypatch.setattr(walled, "judges_right", lambda judging, lessons: None)
    monkeypatch.setattr(walled.Judge, "try_out", try_out)
    with contextlib.ExitStack() as stack:
        bench, error = worker.Bench(stack), ValueError("odd")
        (row,) = bench.judge(task_of(paths[1])).rows
        assert row.verdict == "unreadable" and row.message == "ada.ipynb could not be judged (ValueError: odd)."
        error = BrokenPipeError()
        with pytest.raises(BrokenPipeError):
            bench.judge(task_of(paths[1]))


def test_a_notebook_travels_without_its_pictures():
    code = {"cell_type": "code", "source": ["1"], "outputs": [{"data": {"image/png": "x"}}]}
    sent = json.loads(cluster._plain({"cells": [code, {"cell_type": "markdown", "source": []}], "metadata": {}}))
    assert sent["cells"] == [{**code, "outputs": []}, {"cell_type": "markdown", "source": []}]


def test_the_version_is_another_when_a_lesson_is(use_lessons, make_lesson):
    series = {edition()}
    use_lessons(FORMS)
    series.add(edition())
    for text in (), [("Return a + b", "Return the sum")]:
        make_lesson(text=text)
        series.add(edition())
    assert len(series) == 4


def task_of(path, turn=TURN):
    return worker.Task(edition(), "ada.ipynb", path.read_bytes(), turn, SECONDS)


def test_a_process_that_judges_and_is_ended_is_replaced(paths):
    task = task_of(paths[1])
    first = worker.judge(task)
    worker._own.process._process.kill()
    with pytest.raises(worker.LostError):
        worker.judge(task)
    assert worker.judge(task) == first and {row.verdict for row in first.rows} == {"pass"}
    worker._own.process.end()
    del worker._own.process
