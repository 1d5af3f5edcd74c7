"""The README's figures are generated."""

import pytest
from click.testing import CliRunner

from tutor.builder import quality
from tutor.cli import main
from tutor.errors import TutorError
from tutor.lessons.registry import find_lesson


@pytest.fixture(scope="module")
def proofs():
    return quality.prove_all([find_lesson("start_here")])


def test_the_table_has_a_row_for_each_exercise_and_the_totals(proofs):
    table = quality.table(proofs)
    assert "start_here.squared_error" in table and table.endswith(quality.totals(proofs))


def test_the_totals_are_written_between_the_marks_and_read_back(proofs):
    readme = f"before\n{quality.START}\nold figures\n{quality.END}\nafter\n"
    written = quality.with_totals(readme, proofs)
    assert quality.stated(written) == quality.totals(proofs)
    assert written.startswith("before\n") and written.endswith("\nafter\n")
    assert quality.with_totals(written, proofs) == written


def test_empty_marks_are_filled(proofs):
    assert quality.totals(proofs) in quality.with_totals(f"{quality.START}\n{quality.END}\n", proofs)


def test_a_readme_without_marks_is_refused():
    with pytest.raises(TutorError, match="no marks"):
        quality.stated("text")


@pytest.mark.slow
def test_several_processes_find_the_same(proofs):
    again = quality.prove_all([find_lesson("start_here")], jobs=2)
    assert quality.totals(again) == quality.totals(proofs)


def test_a_narrowed_answer_that_passes_fails_the_proof(make_lesson):
    """Of numbers up to 1.5 no sum is large, so an answer that clips its result is never told from the right one."""
    usual = 'minutes=1, unstretched={"larger numbers": "none are large", "much larger numbers": "none are large"}'
    make_lesson(data=[("(d.number(), d.number())", "(d.array(3), d.array(3))"), ("minutes=1", usual)])
    done = CliRunner().invoke(main, ["quality", "small", "--jobs", "1"])
    assert "small.add: this narrowed answer passes: a result clipped" in done.output
    assert done.exit_code == 1, done.output


def test_a_readme_is_held_to_its_totals(monkeypatch):
    sentence = "1 exercises; 9 of 9 silent mutants rejected"
    monkeypatch.setattr(quality, "totals", lambda proofs: sentence)
    readme = f"{quality.START}\n{{}}\n{quality.END}"
    assert quality.says(readme.format(sentence), [])
    assert not quality.says(readme.format(sentence.replace("9 of 9 silent", "8 of 9 silent")), [])
