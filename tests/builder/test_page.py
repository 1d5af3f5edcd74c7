"""What a page of the site shows of a lesson, and what it keeps closed."""

import base64

import pytest

from tutor.builder import notebooks, page
from tutor.builder.leaks import squeeze

PREDICTION = """
# %% [markdown] name="ask"
# What is 3 + 4?

# %% name="predict"
total = ...
### BEGIN SOLUTION
total = 7
### END SOLUTION
total = check("small.predict", total)

# %% name="reveal"
print(3 + 4)

# %% [markdown] name="why"
# Three and four are seven.

# %% [markdown] name="end"
"""
VALUE = """
from tutor.checking import Misconception, value

EXERCISE = value(
    difficulty="easy",
    minutes=1,
    drills=("adding",),
    misconceptions=(Misconception("six", "One too few.", value=6),),
    hints=("Count on from three.",),
    explain="It is `7`.",
)
"""


def source(cells):
    return "\n".join(cell["source"] for cell in cells)


@pytest.fixture
def made(make_lesson, tmp_path):
    """The page of a small lesson whose every code cell has printed something."""
    lesson = make_lesson(
        text=[('\n# %% [markdown] name="end"\n', PREDICTION)],
        files={"exercises/predict.py": VALUE},
    )
    executed = notebooks.student(lesson)
    for cell in executed["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": f"shown by {cell['id']}"}]
    return page.page(lesson, executed, '<p class="notebook-links">links</p>\n', tmp_path)["cells"]


def cell_with(made, text):
    (found,) = [cell for cell in made if text in cell["source"] and cell["cell_type"] == "code"]
    return found


def test_a_demonstration_keeps_its_output_and_an_exercise_stands_without_any(made):
    assert cell_with(made, "the sum is")["outputs"]
    exercise = cell_with(made, '@exercise("small.add")')
    assert exercise["outputs"] == [] and exercise["source"].rstrip().endswith("...")


def test_hints_are_folded_and_the_last_is_left_to_the_notebook(made):
    text = source(made)
    assert "<summary>Hint 1</summary><p>What is asked?</p></details>" in text
    assert "Which sign?" in text and "return a + b" not in text
    assert "hint(&quot;small.add&quot;)" in text


def test_a_hint_that_gives_a_line_away_is_left_to_the_notebook_with_those_after_it(make_lesson):
    lesson = make_lesson(data=[('"Which sign?"', '"Is it `return a + b`?", "Which sign?"')])
    assert "\n".join(page.hints(lesson.exercises["small.add"])).count("<summary>") == 1


def test_what_a_prediction_is_about_stays_closed_until_the_next_heading(made):
    opening = next(k for k, c in enumerate(made) if c["source"].startswith('<details class="answer">'))
    closing = next(k for k, c in enumerate(made) if c["source"] == "</details>")
    inside = source(made[opening:closing])
    assert "It is <code>7</code>." in inside and "print(3 + 4)" in inside and "Three and four are seven." in inside
    assert "What is 3 + 4?" in source(made[:opening]) and "## Recap" in source(made[closing:])
    assert cell_with(made, "small.predict")["outputs"] == []


def test_every_cell_has_an_anchor_and_the_links_stand_below_the_title(made):
    text = source(made)
    assert '<div id="cell-add" class="anchor">' in text and '<div id="cell-reveal" class="anchor">' in text
    assert text.index("# A small lesson") < text.index("notebook-links") < text.index("You will be able to")


def test_images_move_into_files_and_keep_their_room_and_their_words(tmp_path):
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="600" height="150"></svg>'
    data = base64.b64encode(svg).decode()
    text = page.outside(f'<img alt="a &gt; b" src="data:image/svg+xml;base64,{data}" style="max-width:100%">', tmp_path)
    (file,) = tmp_path.iterdir()
    assert file.read_bytes() == svg and f"/{file.name}" in text and "base64" not in text
    assert 'alt="a &gt; b"' in text and 'width="600" height="150"' in text and 'class="wide"' in text


def test_a_line_is_found_however_it_is_set():
    assert squeeze("    a  =  b   # why") == squeeze("a = b") == "a=b"
