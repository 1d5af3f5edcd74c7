"""Whatever is in a notebook file, it is read into well-formed cells or refused in one sentence."""

import copy
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.builder import carry, judge, notebooks
from tutor.builder.reading import KINDS, read_notebook, source_of
from tutor.errors import TutorError
from tutor.lessons.registry import find_lesson

LESSON = "start_here"


@pytest.fixture
def written(tmp_path):
    """Write a file, text or bytes, under a lesson's name and return its path."""

    def write(content, name="00_start_here.ipynb"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    return write


def shipped():
    return notebooks.student(find_lesson(LESSON))


def holding(**more):
    """A notebook of one cell, with parts of it replaced."""
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "execution_count": None, "source": "x = 1"}
    return json.dumps({"cells": [{**cell, **more}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a\r\nb\rc", "a\nb\nc"),
        (["a\r", "\nb"], "a\nb"),
        (None, ""),
        ("half an emoji \ud83d", "half an emoji �"),
        ("a whole one \ud83d\ude00", "a whole one 😀"),
        (["a", None, 3], "a3"),
        ({"a": 1}, '{"a": 1}'),
    ],
)
def test_a_source_is_text_with_one_kind_of_line_end(written, source, text):
    (cell,) = read_notebook(written(holding(source=source)))["cells"]
    assert source_of(cell) == text


def test_a_cell_that_is_text_is_kept_as_a_raw_cell(written):
    (cell,) = read_notebook(written('{"cells": ["my notes"]}'))["cells"]
    assert (cell["cell_type"], source_of(cell)) == ("raw", "my notes")


@pytest.mark.parametrize("garbage", ["text", None, 3, ["a"], {"lesson": 3, "cells": [["a"], "b", ["c", 1]]}])
def test_metadata_that_no_build_wrote_is_taken_for_none(written, garbage):
    notebook = {**shipped(), "metadata": {"kernelspec": "mine", "tutor": garbage}}
    path = written(json.dumps(notebook))
    found = read_notebook(path)
    assert notebooks.marks_of(found) == [] and found["metadata"]["kernelspec"] == "mine"
    assert judge.lesson_of(path, found).name == LESSON


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_an_editors_encoding_and_byte_order_mark_are_read(written, encoding):
    found = read_notebook(written(json.dumps(shipped(), ensure_ascii=False).encode(encoding)))
    assert notebooks.is_pristine(found)


def test_line_ends_of_another_system_are_no_change_of_the_readers(written):
    notebook = shipped()
    for cell in notebook["cells"]:
        cell["source"] = [line.replace("\n", "\r\n") for line in cell["source"]]
    assert notebooks.is_pristine(read_notebook(written(json.dumps(notebook, indent=1).replace("\n", "\r\n"))))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "is empty"),
        (b"\x00" * 4096, "is empty"),  # what a full disk or a power cut leaves
        ("{", "not a valid notebook"),
        ("Łukasz".encode("iso8859-2"), "not a valid notebook"),
        ('{"cells": ' + "[" * 100_000, "nested too deeply"),
        ('{"cells": ' + "[" * 900 + "]" * 900 + "}", "nested too deeply"),
        ('{"cells": [' + "1" * 5000 + "]}", "not a valid notebook"),
        ("[]", "no list of cells"),
        ('{"cells": {}}', "no list of cells"),
        ('{"worksheets": [], "nbformat": 3}', "before 2015"),
        (
            '{\n "cells": [\n<<<<<<< HEAD\n  1\n=======\n  2\n>>>>>>> theirs\n ]}',
            "conflict marks (`<<<<<<<` in line 3)",
        ),
        ("{\r\n<<<<<<< HEAD\r\n=======\r\n>>>>>>> theirs\r\n}", "git checkout --ours 00_start_here.ipynb"),
    ],
)
def test_what_is_no_notebook_is_told_in_one_sentence_and_left_alone(written, content, sentence):
    path = written(content)
    before = path.read_bytes()
    with pytest.raises(TutorError) as told:
        read_notebook(path)
    assert sentence in str(told.value) and str(path) in str(told.value) and "\n" not in str(told.value)
    assert path.read_bytes() == before


def test_a_folder_and_a_pipe_are_no_notebooks(tmp_path):
    folder = tmp_path / "x.ipynb"
    folder.mkdir()
    with pytest.raises(TutorError, match="is a folder"):
        read_notebook(folder)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.ipynb")  # reading it would wait for ever
        with pytest.raises(TutorError, match="no ordinary file"):
            read_notebook(tmp_path / "pipe.ipynb")


def test_a_file_that_may_not_be_read_is_named(written, monkeypatch):
    path = written(holding())

    def refuse(self):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr("pathlib.Path.read_bytes", refuse)  # an administrator could read it whatever its rights
    with pytest.raises(TutorError, match=r"cannot be read \(Permission denied\): its owner has to allow it"):
        read_notebook(path)


def test_a_path_that_no_system_allows_is_told(tmp_path):
    for name in ("x" * 5000, "a\x00b"):
        with pytest.raises(TutorError):
            read_notebook(tmp_path / name)


ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()))
    | st.sampled_from(["code", "markdown", "raw", "heading", LESSON, '@exercise("start_here.chance")\ndef f(): ...']),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["cells", "metadata", "tutor", "lesson", "tags", "id", "source", "cell_type", "outputs", "x"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


def reads_or_refuses(path):
    """Everything that reads what the reader made of a file works, or the reader has refused it."""
    try:
        notebook = read_notebook(path)
    except TutorError as error:
        assert str(path) in str(error)
        return
    for cell in notebook["cells"]:
        assert cell["cell_type"] in KINDS and isinstance(cell["metadata"], dict)
        assert isinstance(cell.get("id", ""), str) and "\r" not in source_of(cell)
    notebooks.as_bytes(notebook)
    notebooks.is_pristine(notebook)
    dict(notebooks.marks_of(notebook))
    try:
        lesson = judge.lesson_of(path, notebook)
    except TutorError:
        return
    carry.carry_over(copy.deepcopy(notebook), notebooks.student(lesson))
    carry.answers(notebook, lesson.stubs)


@given(replaced=st.dictionaries(st.sampled_from(["cells", "metadata", "nbformat", "nbformat_minor"]), ANY), cell=ANY)
def test_any_data_in_the_place_of_a_part_is_read_or_refused(tmp_path_factory, replaced, cell):
    path = tmp_path_factory.getbasetemp() / "00_start_here.ipynb"
    notebook = {**shipped(), **replaced}
    if isinstance(notebook["cells"], list):
        notebook["cells"] = [*notebook["cells"][:4], cell]
    path.write_text(json.dumps(notebook), encoding="utf-8")
    reads_or_refuses(path)


@given(at=st.integers(0, 20_000), length=st.integers(0, 50), put=st.binary(max_size=20))
def test_any_damage_to_the_bytes_is_read_or_refused(tmp_path_factory, at, length, put):
    path = tmp_path_factory.getbasetemp() / "00_start_here.ipynb"
    whole = notebooks.as_bytes(shipped())
    path.write_bytes(whole[:at] + put + whole[at + length :])
    reads_or_refuses(path)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "00_start_here.ipynb"
    path.write_bytes(content)
    reads_or_refuses(path)
