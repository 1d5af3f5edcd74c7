"""A class in which every other notebook is an attack is judged: five zeros, and what is printed of it obeys nobody.

No point for what is not right, no file outside touched, no process left, no later student affected, no row lost. What
cannot be prevented is said in CONTRIBUTING: an answer copied from the public solution computes the right thing.
"""

import contextlib
import csv
import hashlib
import io
import json
import os
import re
import socket
import sys
import threading
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.wall.attacks import ADD, BANK, HOSTILE, RIGHT, Attack
from tests.wall.tools import EXERCISES, small_lesson
from tutor.builder import notebooks
from tutor.cli import main
from tutor.lessons import registry
from tutor.wall import bubble
from tutor.wall.bubble import NoWallError
from tutor.wall.pool import wall

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("attacks")]


@dataclass
class Judged:
    """A class that was judged: its rows by notebook, what was printed and written, what was found outside."""

    rows: dict[str, list[dict[str, str]]]
    printed: str
    pages: list[str]
    left: list[str]
    seen_meanwhile: int
    changed: list[str]
    marked: list[str]


def answered(lesson, cell):
    """The solved notebook with another cell in the place of `small.add`."""
    notebook = json.loads(notebooks.as_bytes(notebooks.solved(lesson)))
    (place,) = (c for c in notebook["cells"] if ADD in "".join(c["source"]) and c["cell_type"] == "code")
    place["source"] = cell
    return notebook


def place_of(number, attack):
    """The folder of an attacker, between those of honest students."""
    return f"{number + 1:03d}-{attack.name}"


def hand_in(lesson, folder, filled):
    """Write the class: an honest student, and after each attack another."""
    right = json.dumps(answered(lesson, Attack("", "", RIGHT).cell()))
    for number, attack in enumerate((None, *BANK)):
        honest = folder / f"{number:03d}-honest" / "small.ipynb"
        honest.parent.mkdir(parents=True)
        honest.write_text(right)
        if attack is not None:
            notebook = answered(lesson, attack.cell(**filled))
            made = attack.change(notebook) if attack.change else notebook
            place = folder / place_of(number - 1, attack) / "small.ipynb"
            place.parent.mkdir()
            place.write_text(made if isinstance(made, str) else json.dumps(made), encoding="utf-8")
    named = folder / f"998-{HOSTILE}".replace("/", "%").replace("\0", "") / "small.ipynb"
    named.parent.mkdir()
    named.write_text(right)


def state(folder):
    """What lies in the folders that an attack would like to write to: each file with its content."""
    outside = [folder, bubble.PACKAGE, *Path(sys.prefix).glob("lib/python*/site-packages/*.pth")]
    files = [f for place in outside for f in (place.rglob("*") if place.is_dir() else [place])]
    listed = [*Path(sys.prefix).glob("lib/python*/site-packages/*"), *Path.home().glob(".*"), *Path("/etc").iterdir()]
    made = {str(f): "" for f in listed}
    for file in files:
        if file.is_file() and "__pycache__" not in file.parts:
            made[str(file)] = hashlib.sha256(file.read_bytes()).hexdigest()
    return made


def processes(mark):
    """The processes that carry a mark in their command line or their environment."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended a moment ago, or is another user's
            if int(place.name) != os.getpid() and mark.encode() in b"".join(
                (place / name).read_bytes() for name in ("cmdline", "environ")
            ):
                found.append(place.name)
    return found


def marked(mark):
    """The files whose name holds a mark, wherever anybody may write."""
    return [str(f) for place in ("/tmp", "/dev/shm", "/var/tmp", "/run") for f in Path(place).glob(f"*{mark}*")]


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """The class, judged by the command once for all tests."""
    mark, place = f"m{uuid.uuid4().hex}", tmp_path_factory.mktemp("attacks")
    with contextlib.ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("TUTOR_LESSONS", str(small_lesson(place / "lessons" / "small")))
        patch.setitem(bubble.ENVIRONMENT, "MARK", mark)
        registry.series.cache_clear()
        stack.callback(registry.series.cache_clear)
        try:
            with wall():
                pass
        except NoWallError as error:
            pytest.skip(str(error))
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        listening = stack.enter_context(socket.socket(socket.AF_UNIX))
        listening.bind(f"\0{mark}")
        listening.listen()
        folder = place / "class"
        mates = [str(folder / "000-honest" / "small.ipynb")]
        filled = {"port": server.getsockname()[1], "folder": folder, "package": bubble.PACKAGE, "mark": mark}
        hand_in(registry.find_lesson("small"), folder, filled | {"mates": mates})
        before, seen = state(folder), []
        options = ["--csv", "--html", "s.html", "--markdown", "s.md", "--record", "r.jsonl"]
        patch.chdir(place)
        with watched(mark, seen):
            shown = CliRunner().invoke(main, ["check", "class", *options, "--jobs", "2", "--cell-seconds", "6"])
        assert shown.exception is None or isinstance(shown.exception, SystemExit), shown.exception
        after = state(folder)
        rows = {}
        for row in csv.DictReader(io.StringIO(shown.stdout)):
            rows.setdefault(Path(row["notebook"]).parent.name, []).append(row)
        pages = [(place / name).read_text(encoding="utf-8") for name in ("s.html", "s.md", "r.jsonl")]
        changed = sorted(n for n in {*before, *after} if before.get(n) != after.get(n))
        return Judged(rows, shown.stdout, pages, processes(mark), max(seen), changed, marked(mark))


@contextlib.contextmanager
def watched(mark, seen):
    """Count the marked processes again and again, so that it shows that they are found."""
    over = threading.Event()

    def count():
        while not over.wait(0.5):
            seen.append(len(processes(mark)))

    counting = threading.Thread(target=count, name="tutor wall counting")
    counting.start()
    try:
        yield
    finally:
        over.set()
        counting.join()


@pytest.mark.parametrize("number", range(len(BANK)), ids=[attack.name for attack in BANK])
def test_no_attack_brings_a_point_or_loses_a_row(number, judged):
    attack, rows = BANK[number], judged.rows[place_of(number, BANK[number])]
    told = [(row["exercise"], row["verdict"], row["message"][:200]) for row in rows]
    if rows[0]["verdict"] == "unreadable":
        assert "unreadable" in attack.verdicts and len(rows) == 1, told
        return
    if attack.verdicts != ("missing",):
        assert [row["exercise"] for row in rows] == EXERCISES, told
    for row in rows:
        if row["exercise"] == ADD or attack.verdicts == ("missing",):
            assert row["verdict"] in attack.verdicts and row["points"] == "0", told


def test_no_student_after_an_attack_is_affected(judged):
    honest = {name: rows for name, rows in judged.rows.items() if "honest" in name or name.startswith("998")}
    assert len(honest) == len(BANK) + 2
    for name, rows in honest.items():
        assert [(row["exercise"], row["verdict"]) for row in rows] == [(e, "pass") for e in EXERCISES], (name, rows)


def test_nothing_outside_was_touched_and_no_process_is_left(judged):
    assert judged.seen_meanwhile > 1, "while it was judged, its processes were found"
    assert not judged.left and not judged.changed and not judged.marked


def test_what_is_printed_obeys_nobody(judged):
    html, markdown, record = judged.pages
    for text in (judged.printed, html, markdown):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)
    cells = [cell for row in csv.reader(io.StringIO(judged.printed)) for cell in row]
    assert any("HYPERLINK" in cell for cell in cells) and not any(cell.startswith(tuple("=+-@\t\r")) for cell in cells)
    assert max(map(len, cells)) < 32_767, "what a spreadsheet's cell holds"
    assert "<script" not in html + markdown and "&lt;script" in html
    assert "](javascript" in markdown and not re.search(r"(?<!\\)\]\(", markdown), "no link: its bracket is escaped"
    assert len(record.splitlines()) == 2 * len(BANK) + 2


@pytest.mark.parametrize("name", ["frames", "replaced", "looked", "object", "reached", "left", "text", "file"])
def test_the_bank_has_several_of_each_kind(name):
    assert sum(attack.name.startswith(name) for attack in BANK) >= 6 and len(BANK) >= 40
