"""A class's notebooks: found whatever they are called, judged once, and told of on a page."""

import csv
import io
import json
import os
import zipfile
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest
from click.testing import CliRunner

from tutor.builder import classes, handed, judge, notebooks
from tutor.builder.judge import Judged, Row
from tutor.builder.ledger import Ledger
from tutor.builder.summary import Summary, answers
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


@pytest.mark.parametrize(("content", "told"), [("bomb", "unpacks to more than 20 MB"), ("many", "more than 5,000")])
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


def test_what_is_wrong_with_one_file_of_an_archive_costs_no_other(notebook, tmp_path):
    place, unpacked, content = tmp_path / "class.zip", tmp_path / "unpacked", json.dumps(notebook)
    unpacked.mkdir()
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("eve/bomb.ipynb", b" " * (handed.MOST_BYTES + 1))
        for number in range(4):
            archive.writestr(f"eve/{number}.ipynb", content + " " * (15 * 2**20))
        for number in range(handed.MOST_FILES // handed.SHARE + 5):
            archive.writestr(f"mal/{number}.txt", "")
        archive.writestr("mal/x.ipynb", content)
        archive.writestr("sam/" + "\u4e2d" * 100 + ".ipynb", content)
        archive.writestr("_11" * 15_000 + "\n/x.ipynb", content)
        archive.writestr("zoe/inner.zip", b"PK\x05\x06" + bytes(18))
        archive.writestr("ada/01.ipynb", content)
    found = {one.shown.split(":", 1)[1]: one for one in handed.handed_in([place], unpacked)}
    assert "more than 20 MB" in found["eve/bomb.ipynb"].problem
    assert "more than is taken" in found["eve/2.ipynb"].problem and "500 files" in found["mal/x.ipynb"].problem
    assert "archive within an archive" in found["zoe/inner.zip"].problem
    assert all(len(one.student) <= handed.LONGEST for one in found.values())
    right = [one for name, one in found.items() if name.startswith(("ada", "sam", "eve/0"))]
    assert len(right) == 3 and not any(one.problem for one in right) and handed.is_archived(right)
    assert found["ada/01.ipynb"].student == "ada" and found["eve/0.ipynb"].student == "eve"


def test_no_link_is_followed_out_of_a_students_folder_and_nothing_without_an_end_is_read(notebook, tmp_path):
    place, content = tmp_path / "class", json.dumps(notebook)
    for who in ("ada", "bob", "eve"):
        (place / who).mkdir(parents=True)
    (place / "ada/01.ipynb").write_text(content)
    (place / "bob/01.ipynb").symlink_to("kept.txt")  # within a student's own folder it is that student's work
    (place / "bob/kept.txt").write_text(content)
    (place / "eve/01.ipynb").symlink_to("../ada/01.ipynb")
    (place / "eve/notes").symlink_to("/dev/zero")
    (place / "eve/deep").symlink_to("../ada")
    os.mkfifo(place / "eve/pipe")
    paths = [place / who / "01.ipynb" for who in ("ada", "bob", "eve")]
    for asked in ([place], [*paths, place / "eve/deep/01.ipynb"]):
        found = {str(one.path.relative_to(place)): one for one in handed.handed_in(asked, tmp_path)}
        assert not found["ada/01.ipynb"].problem and not found["bob/01.ipynb"].problem
        assert all("was not followed" in one.problem for name, one in found.items() if name.startswith("eve"))
        assert found["eve/01.ipynb"].student == "eve"


def test_an_answer_that_is_handed_in_twice_is_worth_its_points_once():
    summary = Summary()
    for verdict in ("wrong", "pass", "pass", "wrong"):
        summary.add(verdict_on("ada", verdict))
    summary.add(verdict_on("bob", "pass"))
    assert "| ada | 1 | 1 |" in summary.markdown() and "| bob | 1 | 1 |" in summary.markdown()


@pytest.mark.parametrize("answer", ["1" + " + 1" * 990, "x" + ".y" * 990], ids=["sum", "dots"])
def test_an_answer_that_is_nested_without_measure_costs_no_page(notebook, tmp_path, answer):
    place = tmp_path / "deep.ipynb"
    place.write_text(json.dumps(answered(notebook, WRONG.replace("return total", f"return {answer}"))))
    summary = Summary()
    with classes.Pages(tmp_path / "s.html", None) as pages:
        pages.add(handed.Handed("eve", place, "deep.ipynb"), verdict_on("eve"))
        pages.add(handed.Handed("ada", tmp_path / "none.ipynb", "none.ipynb"), verdict_on("ada", "pass"))
    assert "<td>ada</td><td>1</td>" in (tmp_path / "s.html").read_text()
    summary.add(verdict_on("eve"), answers(place))


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


def test_what_was_judged_by_a_lesson_that_was_edited_since_is_judged_again(tmp_path, make_lesson):
    place, record = tmp_path / "small.ipynb", tmp_path / "record.jsonl"
    place.write_text("an answer")
    for text in (), [("Return a + b", "Return the sum")]:
        make_lesson(text=text)
        assert Ledger(record).known(place, "small.ipynb") is None
        Ledger(record).add(place, replace(verdict_on("ada"), path="small.ipynb"))
        assert Ledger(record).known(place, "small.ipynb").student == "ada"


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
        looked_at = (MODEL,) if student == "ada" else ()
        summary.add(verdict_on(student, verdict, misconception, looked_at=looked_at), answers(place))
    hard = f"{LESSON}.two_layer_gradients"
    summary.add(verdict_on("ada", "todo", None, hard))
    summary.add(Judged("eve.ipynb", (Row("eve.ipynb", "", "unreadable", None, "torn"),), (), "eve"))
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
    summary.add(verdict_on(name))
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
