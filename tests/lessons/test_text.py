"""Reading a lesson's text."""

import jupytext
import pytest

from tutor.lessons.registry import find_lesson, series
from tutor.lessons.text import LessonError, definition, exercise_id, find_target, read_lesson


def written(tmp_path, text):
    path = tmp_path / "lesson.py"
    path.write_text(text, encoding="utf-8")
    return path


FUNCTION = '''# %% name="f"
@exercise("l.f")
def f(x):
    """Doc."""
    ### BEGIN SOLUTION
    y = x + 1
    return y
    ### END SOLUTION
'''


def test_a_region_becomes_a_stub_for_the_student_and_its_lines_for_the_teacher(tmp_path):
    (cell,) = read_lesson(written(tmp_path, FUNCTION))
    assert cell.student.endswith('"""Doc."""\n    ...')
    assert cell.solved.endswith("y = x + 1\n    return y")


def test_a_stub_line_before_a_region_is_kept_for_the_student_and_dropped_when_solved(tmp_path):
    text = '# %%\nn = ...\n### BEGIN SOLUTION\nn = 4\n### END SOLUTION\nn = check("l.n", n)\n'
    (cell,) = read_lesson(written(tmp_path, text))
    assert cell.student == 'n = ...\nn = check("l.n", n)'
    assert cell.solved == 'n = 4\nn = check("l.n", n)'


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("print(1)\n", "no cell found"),
        ("# %%\n### BEGIN SOLUTION\n1\n", "do not pair up"),
        ("# %% colour=1\n1\n", "cannot read|knows name="),
        ('# %% name="a"\n1\n# %% name="a"\n2\n', 'second cell is called "a"'),
    ],
)
def test_a_mistake_in_a_lesson_is_told_in_one_sentence_with_its_file(tmp_path, text, complaint):
    with pytest.raises(LessonError, match=complaint) as told:
        read_lesson(written(tmp_path, text))
    assert "lesson.py" in str(told.value) and "\n" not in str(told.value)


@pytest.mark.parametrize("lesson", [lesson.name for lesson in series()])
def test_our_reader_agrees_with_jupytext_on_every_lesson(lesson):
    ours = find_lesson(lesson).cells
    theirs = jupytext.read(find_lesson(lesson).path, fmt="py:percent").cells
    assert [(c.kind, c.source) for c in ours] == [(c.cell_type, c.source) for c in theirs]


def test_the_id_is_found_in_a_decorator_and_in_a_value_check_only():
    assert exercise_id('@exercise("a.b", of=Tensor)\ndef f(): ...') == "a.b"
    assert exercise_id('shape = check("a.c", shape)') == "a.c"
    assert exercise_id('print("@exercise(no)")') is None
    assert exercise_id('# @exercise("a.b")') is None


def test_what_an_exercise_asks_for_is_read_from_its_cell():
    method = find_target('@exercise("l.m", of=Tensor)\ndef add(self): ...', "l.m")
    assert (method.kind, method.name, method.owner) == ("method", "add", "Tensor")
    assert find_target('@tutor.exercise("l.c")\nclass C: ...', "l.c").kind == "class"
    assert find_target('n = 1\nn = check("l.n", n)', "l.n").name == "n"
    with pytest.raises(LessonError):
        find_target("x = 1", "l.x")


def test_the_definition_has_no_decorator_and_keeps_everything_else():
    assert (
        definition('import os\n@exercise("l.f")\ndef f(x):\n    return x  # why\n', "l.f")
        == "def f(x):\n    return x  # why"
    )


REPAIR = '''# %% name="f"
@exercise("l.f")
def f(xs):
    """Doc."""
    total = 0
    for x in xs:
        ### BEGIN SOLUTION
        if x > 0:
            total += x
        ### BROKEN
        # total += x
        # # so far
        # if x < 0:
        #     break
        ### END SOLUTION
    ### BEGIN SOLUTION
    ### BROKEN
    # total = 0
    ### END SOLUTION
    return total
'''


def test_a_repair_arrives_with_what_is_broken_in_the_solutions_place(tmp_path):
    (cell,) = read_lesson(written(tmp_path, REPAIR))
    assert cell.is_repair
    loop = "    for x in xs:\n        total += x\n        # so far\n        if x < 0:\n            break\n"
    assert cell.student.endswith(f"    total = 0\n{loop}    total = 0\n    return total")
    assert cell.solved.endswith("        if x > 0:\n            total += x\n    return total")
    assert "BROKEN" not in cell.student + cell.solved


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("# %%\n### BROKEN\n# x\n", "stands between no"),
        ("# %%\n### BEGIN SOLUTION\nx = 1\n### BROKEN\nx = 2\n### END SOLUTION\n", '"x = 2" is not'),
    ],
)
def test_a_mistake_in_a_repair_is_told(tmp_path, text, complaint):
    with pytest.raises(LessonError, match=complaint):
        read_lesson(written(tmp_path, text))
