"""A class's notebooks: found whatever they are called, judged once, and told of on a page."""

import csv
import io
import json
import zipfile
from pathlib import Path, PurePosixPath

import pytest
from click.testing import CliRunner

from tutor.builder import classes, handed, judge, notebooks
from tutor.builder.judge import Judged, Row
from tutor.builder.ledger import Ledger
from tutor.builder.summary import Summary
from tutor.cli import main
from tutor.errors import TutorError
from tutor.lessons.registry import find_lesson

LESSON = "numpy_backprop"
MODEL = f"{LESSON}.polynomial"
WRONG = """
def polynomial(x, a, b, c, d):
    total = a + b * x + c * x**2
    total = total - d * x * x * x
    return total
""".strip()


@pytest.fixture
def notebook():
    """The first lesson's notebook as it is shipped."""
    return json.loads(notebooks.as_bytes(notebooks.student(find_lesson(LESSON))))


def verdict_on(student, verdict="wrong", misconception="sign", exercise=MODEL, **more):
    row = Row(f"{student}.ipynb", exercise, verdict, misconception, "The sign is wrong.\nLook at `d`.")
    return Judged(f"{student}.ipynb", (row,), (), student, **more)


def answered(notebook, text):
    made = json.loads(json.dumps(notebook))
    cell = next(c for c in made["cells"] if "def polynomial(" in "".join(c["source"]))
    cell["source"] = f'@exercise("{MODEL}")\n{text}'
    return made


@pytest.mark.parametrize(
    ("place", "student"),
    [
        ("Ada Lovelace_1234_assignsubmission_file_/01_numpy_backprop.ipynb", "Ada Lovelace"),
        ("lovelaceada_LATE_1234_5678_01_numpy_backprop.ipynb", "lovelaceada"),
        ("ada/deep/er/final version.ipynb", "ada"),
        ("ada-01_numpy_backprop (1).ipynb", "ada"),
        ("01_numpy_backprop.ipynb", "01_numpy_backprop"),
        ("_12345.ipynb", "_12345"),
    ],
)
def test_the_student_is_told_from_folder_and_file(place, student):
    assert handed.student_of(PurePosixPath(place)) == student


def test_notebooks_are_found_in_folders_and_archives_whatever_they_are_called(notebook, tmp_path):
    place, unpacked, content = tmp_path / "class", tmp_path / "unpacked", json.dumps(notebook)
    unpacked.mkdir()
    for name in ("ada/deep/01.ipynb", "bob/answers.ipynb.txt", ".ipynb_checkpoints/old.ipynb", "ada/__MACOSX/x.ipynb"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(content)
    (place / "essay.pdf").write_bytes(b"%PDF")
    (place / "list.json").write_text('["cells", "nbformat"]')
    with zipfile.ZipFile(place / "cy_77.zip", "w") as archive:
        archive.writestr("../../out/of/here.json", content)
        archive.writestr("__MACOSX/._here.ipynb", b"\x00")
        archive.writestr("readme.txt", "nothing")
    found = handed.handed_in([place], unpacked)
    assert [one.student for one in found] == ["ada", "bob", "cy"] and not any(one.problem for one in found)
    assert found[2].shown.endswith("cy_77.zip:../../out/of/here.json") and unpacked in found[2].path.parents
    assert all(judge.lesson_of(one.path, notebooks.read_notebook(one.path)).name == LESSON for one in found)


def test_named_notebooks_are_told_apart_by_what_differs_in_their_places(tmp_path):
    paths = [tmp_path / who / "01_first.ipynb" for who in ("ada", "bob")]
    assert [one.student for one in handed.handed_in(paths, tmp_path)] == ["ada", "bob"]


@pytest.mark.parametrize(("content", "told"), [("bomb", "unpacks to more than 20 MB"), ("many", "more than 2,000")])
def test_an_archive_that_unpacks_to_too_much_is_refused(content, told, tmp_path):
    place, unpacked = tmp_path / "eve.zip", tmp_path / "unpacked"
    unpacked.mkdir()
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(1 if content == "bomb" else handed.MOST_FILES + 1):
            archive.writestr(f"{number}.ipynb", b" " * (handed.MOST_BYTES + 1 if content == "bomb" else 1))
    (found,) = handed.handed_in([place], unpacked)
    assert told in found.problem and not list(unpacked.rglob("*.ipynb")) and found.student == "eve"
    place.write_bytes(place.read_bytes()[:-1000] + place.read_bytes()[-100:])  # torn in the middle
    (found,) = handed.handed_in([place], unpacked)
    assert not list(unpacked.rglob("*.ipynb"))


def test_what_was_judged_is_not_judged_again_unless_it_has_changed(tmp_path):
    record, asked = tmp_path / "record.jsonl", []
    found = [handed.Handed(who, tmp_path / f"{who}.ipynb", f"{who}.ipynb") for who in ("ada", "bob")]
    found.append(handed.Handed("cy", tmp_path / "cy.zip", "cy.zip", "It was not unpacked."))
    for one in found[:2]:
        one.path.write_text(one.student)

    def judging(paths):
        asked.extend(path.stem for path in paths)
        for path in paths:
            if path.read_text() == "power cut":
                raise KeyboardInterrupt
            yield verdict_on(path.stem)

    def run(**more):
        asked.clear()
        return [judged for _, judged in classes.verdicts(found, judging, record, **more)]

    found[1].path.write_text("power cut")
    with pytest.raises(KeyboardInterrupt):
        run()
    with record.open("a") as file:
        file.write('{"key": "torn')
    found[1].path.write_text("bob")
    first = run(resume=True)
    assert asked == ["bob"] and [j.student for j in first] == ["ada", "bob", "cy"] and first[2].unreadable
    assert run(resume=True) == first and asked == []
    found[0].path.write_text("another answer")
    assert run(resume=True) == first and asked == ["ada"]
    assert run() == first and asked == ["ada", "bob"]


def test_a_file_that_is_no_record_is_left_alone(tmp_path):
    essay = tmp_path / "essay.md"
    essay.write_text("# Mine\n")
    with pytest.raises(TutorError, match="holds no verdicts"):
        Ledger(essay)
    assert essay.read_text() == "# Mine\n"
    with pytest.raises(TutorError, match="cannot be kept"):
        Ledger(tmp_path)


def test_the_summary_tells_points_mistakes_and_what_nobody_solved(notebook, tmp_path):
    summary, same = Summary(), tmp_path / "same.ipynb"
    same.write_text(json.dumps(answered(notebook, WRONG)))
    for student, verdict, misconception in (
        ("ada", "pass", None),
        ("bob", "wrong", "sign"),
        ("cy", "wrong", "sign"),
        ("dora", "error", None),
    ):
        place = same if student in ("bob", "cy") else tmp_path / "none.ipynb"
        summary.add(place, verdict_on(student, verdict, misconception, looked_at=(MODEL,) if student == "ada" else ()))
    hard = f"{LESSON}.two_layer_gradients"
    summary.add(tmp_path / "none.ipynb", verdict_on("ada", "todo", None, hard))
    summary.add(
        tmp_path / "none.ipynb", Judged("eve.ipynb", (Row("eve.ipynb", "", "unreadable", None, "torn"),), (), "eve")
    )
    text = summary.markdown().replace("\\", "")
    assert "5 students, 1 lesson, 2 exercises, 4 points" in text
    assert f"| ada | 1 | 1 | {MODEL} |" in text and "| bob | 0 | 0 |  |" in text and "| eve |  | 0 |" in text
    assert f"| {MODEL} | 1 | 3 | 0 | sign (2); it stopped (1) |" in text
    assert f"## Solved by nobody\n\n| exercise |\n|---|\n| {hard} |" in text
    assert "| eve.ipynb | torn |" in text and f"| {MODEL} | bob, cy |" in text
    page = summary.html()
    assert "<td>bob, cy</td>" in page and "<script" not in page and "http" not in page


def test_nothing_that_a_student_wrote_is_obeyed_on_the_page():
    summary, name = Summary(), '<script>alert("x")</script> | ![x](y) `z`'
    summary.add(Path("none.ipynb"), verdict_on(name))
    page, text = summary.html(), summary.markdown()
    assert "<script" not in page and "&lt;script&gt;" in page
    assert "![x]" not in text and "\\| \\!\\[x\\](y)" in text and "<script" not in text


def test_solutions_that_were_looked_at_are_told_from_the_notebook_itself(notebook, tmp_path):
    place = tmp_path / "looked.ipynb"
    output = {"output_type": "stream", "name": "stdout", "text": "Solution of"}
    for text, outputs in ((f'solution("{MODEL}")', [output]), ("solution('a.b')", []), ("# solution('a.c')", [output])):
        cell = {"cell_type": "code", "source": text, "outputs": outputs, "metadata": {}, "execution_count": 1}
        notebook["cells"].append(cell)
    place.write_text(json.dumps(notebook))
    assert judge.looked_at(place) == (MODEL,)


def test_the_command_writes_tables_and_pages_and_goes_on_where_it_was(tmp_path, monkeypatch):
    asked = []

    def judged(path, **more):
        asked.append(path.name)
        return Judged(str(path), (Row(str(path), MODEL, "pass", None, "Right."),), ("a note",))

    monkeypatch.setattr("tutor.builder.judge.judge", judged)
    monkeypatch.chdir(tmp_path)
    for who in ("ada", "bob"):
        Path("class", who).mkdir(parents=True)
        Path("class", who, "01_numpy_backprop.ipynb").write_text("{}")
    options = ["--unsafe", "--html", "s.html", "--markdown", "s.md", "--record", "r.jsonl"]
    first = CliRunner().invoke(main, ["check", "class", "--csv", *options])
    rows = list(csv.DictReader(io.StringIO(first.stdout)))
    assert [(r["student"], r["lesson"], r["points"], r["out_of"]) for r in rows] == [
        ("ada", LESSON, "1", "1"),
        ("bob", LESSON, "1", "1"),
    ]
    assert "2 students" in Path("s.html").read_text() and "2 students" in Path("s.md").read_text()
    again = CliRunner().invoke(main, ["check", "class", "--csv", *options, "--resume"])
    assert again.stdout == first.stdout and len(asked) == 2
    told = CliRunner().invoke(main, ["check", "class", "--resume", "--unsafe"])
    assert told.exit_code == 1 and "give both" in told.output
    told = CliRunner().invoke(main, ["check", "class", "--unsafe", "--html", "none/s.html"])
    assert told.exit_code == 1 and "cannot be written" in told.output and len(asked) == 2
