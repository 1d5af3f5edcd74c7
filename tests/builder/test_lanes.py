"""The two lanes under nbval, and every way in which they have to turn red."""

import subprocess

import pytest

from tutor.builder import lanes, notebooks
from tutor.errors import TutorError

NL = "\n"
pytestmark = pytest.mark.slow


def run(lesson, capfd, **more):
    status = lanes.run([lesson], jobs=1, **more)
    shown = capfd.readouterr()
    return status, shown.out + shown.err


@pytest.mark.parametrize("solved", [False, True])
def test_every_form_of_exercise_runs_in_both_lanes(forms, capfd, solved):
    status, shown = run(forms, capfd, solved=solved)
    assert status == 0, shown


def test_a_solved_exercise_in_the_shipped_lane_is_red(make_lesson, capfd, monkeypatch):
    monkeypatch.setattr(notebooks, "student", notebooks.solved)
    status, shown = run(make_lesson(), capfd, solved=False)
    assert status and "expected the verdict todo, got pass" in shown


def test_an_unsolved_exercise_in_the_solved_lane_is_red(make_lesson, capfd, monkeypatch):
    monkeypatch.setattr(notebooks, "solved", notebooks.student)
    status, shown = run(make_lesson(), capfd, solved=True)
    assert status and "expected the verdict pass, got todo" in shown


def test_an_altered_kept_output_is_red(make_lesson, capfd):
    status, shown = run(make_lesson(expected='{"prints": "the sum is 4\\n"}'), capfd, solved=True)
    assert status and "line 1: expected 4, got 3" in shown


@pytest.mark.parametrize(
    ("kept", "tag", "red"),
    [
        ("0.334", "", False),
        ("0.335", "", True),
        ("0.335", ', "tolerance:1%"', False),
        ("0.338", ', "tolerance:1%"', True),
    ],
)
def test_a_kept_number_agrees_within_its_last_digit_or_a_stated_tolerance(make_lesson, capfd, kept, tag, red):
    prints = [('"the sum is", add(1, 2)', 'f"a third is {1 / 3:.3f}"'), ('check-output"', f'check-output"{tag}')]
    status, shown = run(make_lesson(prints, expected=f'{{"prints": "a third is {kept}\\n"}}'), capfd, solved=True)
    assert bool(status) == red, shown


def test_an_undeclared_deprecation_warning_is_red_and_a_declared_one_is_not(make_lesson, capfd):
    warns = "import warnings\nwarnings.warn('old', DeprecationWarning)\n"
    status, shown = run(make_lesson(text=[("print(", f"{warns}print(")]), capfd, solved=True)
    assert status and "DeprecationWarning" in shown and "old" in shown
    declared = (
        f"# %%\nfrom tutor import expect\nwith expect(DeprecationWarning):\n    {warns.replace(NL, NL + '    ')}\n\n"
    )
    status, shown = run(make_lesson(text=[('# %% name="prints"', f'{declared}# %% name="prints"')]), capfd, solved=True)
    assert status == 0, shown


def test_an_exercise_that_never_reports_is_red(make_lesson, capfd, monkeypatch):
    monkeypatch.setattr(lanes, "read_report", lambda path: [])
    status, shown = run(make_lesson(), capfd, solved=True)
    assert status == 1 and "small.add never reported pass." in shown


def test_a_notebook_runs_where_it_stands_in_the_clone(pytestconfig):
    """Opened straight from `notebooks/`, in memory, so that nothing is written there."""
    import nbformat
    from nbclient import NotebookClient

    path = pytestconfig.rootpath / "notebooks" / "01_numpy_backprop.ipynb"
    before = path.read_bytes()
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": path.parent}}
    ).execute()
    assert path.read_bytes() == before


def test_a_shipped_notebook_is_run_as_it_lies_in_its_folder(make_lesson, capfd, tmp_path):
    lesson = make_lesson()
    (tmp_path / lesson.filename).write_bytes(
        notebooks.as_bytes(notebooks.student(lesson)).replace(b"add(1, 2)", b"add(1)")
    )
    status, shown = run(lesson, capfd, solved=False, folder=tmp_path)
    assert status and "TypeError" in shown


def test_only_lessons_that_differ_from_a_commit_are_chosen(make_lesson, monkeypatch):
    """The one that was edited and the one that git does not know yet, not the one that is as it was."""
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    same, edited = make_lesson(name="same"), make_lesson(name="edited")
    clone = same.folder.parent
    for command in ("init", "add .", "-c user.name=a -c user.email=a@b commit -m lessons"):
        subprocess.run(["git", *command.split()], cwd=clone, check=True, capture_output=True)
    assert lanes.changed([same, edited], "HEAD") == []
    edited.path.write_text(edited.path.read_text(encoding="utf-8") + "\n# %%\n1 + 1\n", encoding="utf-8")
    new = make_lesson(name="new")
    assert lanes.changed([same, edited, new], "HEAD") == [edited, new]
    with pytest.raises(TutorError, match="cannot compare with 'nowhere'"):
        lanes.changed([same], "nowhere")
