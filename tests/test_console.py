"""What is printed reaches every console, steers none, and is computed by no spreadsheet."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor import console
from tutor.builder import tables
from tutor.builder.judge import Judged, Row

NAMES = ("class/Łukasz/01.ipynb", "class/\udcff/01.ipynb", "class/\x1b[2J\n  pass  all/01.ipynb", "=cmd|' /C calc'!A0")


def run(*words, encoding, cwd=None):
    """A command in a process of its own whose console has an encoding."""
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    return subprocess.run([sys.executable, "-m", "tutor", *words], capture_output=True, env=environment, cwd=cwd)


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "cp437", "utf-8"])
@pytest.mark.parametrize("command", ["progress", "doctor", "--help"])
def test_no_command_ends_at_a_sign_that_the_console_lacks(command, encoding, tmp_path):
    done = run(command, encoding=encoding, cwd=tmp_path)
    assert b"Traceback" not in done.stderr and not done.stderr, done.stderr
    shown = done.stdout.decode(encoding)
    signs = {"progress": ("○○○", "..."), "doctor": ("✓ Python", "+ Python"), "--help": ("Usage", "Usage")}
    assert signs[command][encoding != "utf-8"] in shown


@pytest.mark.parametrize("kind", [(), ("--csv",), ("--json",)])
@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_no_table_ends_at_a_name_that_the_console_lacks(encoding, kind, tmp_path):
    (tmp_path / "Łukasz.ipynb").write_text("{")
    (tmp_path / "Zoë.ipynb").write_text("{")
    done = run("check", ".", *kind, encoding=encoding, cwd=tmp_path)
    assert b"Traceback" not in done.stderr and done.returncode == 1
    shown = done.stdout.decode("utf-8" if kind else encoding)
    if kind == ("--json",):
        assert [found["path"] for found in json.loads(shown)] == ["Zoë.ipynb", "Łukasz.ipynb"]
    elif kind:
        assert [row["notebook"] for row in csv.DictReader(io.StringIO(shown))] == ["Zoë.ipynb", "Łukasz.ipynb"]
    else:
        assert ("Łukasz" if encoding == "utf-8" else "\\u0141ukasz") in shown


@given(st.text(st.characters(exclude_categories=())))
def test_clean_text_steers_no_console_and_keeps_the_rest(text):
    clean = console.clean(text)
    clean.encode("utf-8")
    assert not any(c in clean for c in "\x1b\x07\b\r\t\x7f\x9b\u202e\u2066")
    assert console.clean(clean) == clean and "\n" not in console.line(text)


@given(st.lists(st.text(st.characters(exclude_categories=())), min_size=1, max_size=4))
def test_no_cell_of_csv_is_a_formula(values):
    (row,) = csv.reader(io.StringIO(console.csv_row(values), newline=""))
    assert len(row) == len(values)
    for cell in row:
        assert not cell.startswith(tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")) and console.clean(cell) == cell


@pytest.mark.parametrize("kind", [tables.text, tables.csv, tables.as_json])
def test_every_table_stands_harmful_names_and_messages(kind, capfdbinary, monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    monkeypatch.setattr(sys, "stdout", stream)
    console.prepare()
    with kind() as write:
        for name in NAMES:
            write(Judged(name, (Row(name, "small.add", "error", None, "\x1b[31m=1+1\ud83d"),), ("\x07 note",)))
    stream.flush()
    shown = stream.buffer.getvalue().decode("utf-8")
    assert "\x1b" not in shown and "\x07" not in shown
    if kind is tables.text:
        assert len(shown.splitlines()) == 3 * len(NAMES), "a name cannot add a line"
    if kind is tables.as_json:
        assert [found["path"] for found in json.loads(shown)] == list(NAMES)


def test_rows_are_written_as_they_are_judged_and_an_array_is_closed_when_broken_off(monkeypatch):
    for kind in (tables.text, tables.csv, tables.as_json):
        stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        monkeypatch.setattr(sys, "stdout", stream)
        with pytest.raises(KeyboardInterrupt), kind() as write:
            write(Judged("a.ipynb", (Row("a.ipynb", "small.add", "pass", None, ""),), ()))
            assert b"small.add" in stream.buffer.getvalue(), "it is there before the next is judged"
            raise KeyboardInterrupt
    assert len(json.loads(stream.buffer.getvalue())) == 1


def test_a_byte_order_mark_stands_before_the_csv_on_request(tmp_path):
    Path(tmp_path, "torn.ipynb").write_text("{")
    marked = run("check", "torn.ipynb", "--csv", "--bom", encoding="cp1252", cwd=tmp_path).stdout
    assert marked.startswith(b"\xef\xbb\xbfnotebook,") and marked.count(b"\xef\xbb\xbf") == 1
    assert run("check", "torn.ipynb", "--csv", encoding="cp1252", cwd=tmp_path).stdout == marked[3:]
    assert b"belongs to `--csv`" in run("check", "torn.ipynb", "--bom", encoding="cp1252", cwd=tmp_path).stderr
