"""`program("lesson.exercise")`: all that stands below it in its cell is a program, run under guard and then judged.

IPython lets one change a cell's syntax tree before it runs: the statements below the call are taken out there and
handed to the call, so that the cell stays plain Python at its left edge in every front end.
"""

from __future__ import annotations

import ast
import os
import sys
from typing import Any

from tutor import session
from tutor.checking.programs import ProgramExercise
from tutor.checking.report import Report
from tutor.lessons.cells import carries, program_is_todo, program_of

HANDED = "_handed"  # the keyword by which a call is handed its statements

_programs: list[list[ast.stmt]] = []
_bound: dict[str, dict[str, Any]] = {}  # exercise -> what its last run put into the notebook beside its leaves


class Transformer(ast.NodeTransformer):
    """Hands every `program("lesson.exercise")` at a cell's left edge the statements below it."""

    def visit(self, node: ast.AST) -> ast.AST:
        """Change the tree of a cell; any other tree stays."""
        if isinstance(node, ast.Module):
            node.body = _gathered(node.body)
        return node


def _gathered(body: list[ast.stmt]) -> list[ast.stmt]:
    made: list[ast.stmt] = []
    taking: list[ast.stmt] | None = None
    for statement in body:
        if program_of(statement) is not None:
            taking = []
            _programs.append(taking)
            number = ast.copy_location(ast.Constant(len(_programs) - 1), statement)
            statement.value.keywords.append(ast.copy_location(ast.keyword(HANDED, number), statement))
            made.append(ast.fix_missing_locations(statement))
        elif taking is not None and not carries(statement):
            taking.append(statement)
        else:
            taking = None  # the next exercise, in a cell that was merged of two, is none of the program's
            made.append(statement)
    return made


def register() -> None:
    """Have IPython change the cells from the next one on; outside of it there is nothing to change."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is not None and not any(isinstance(t, Transformer) for t in shell.ast_transformers):
        shell.ast_transformers.append(Transformer())


def program(identifier: str, *, seconds: float | None = None, _handed: int | None = None) -> None:
    """Run what stands below this call in its cell as a program, judge what it leaves behind and show one report.

    The program runs in a copy of the notebook's names, without those that it has to leave. These then go into the
    notebook; other names that it binds do where they are free, so that no cell below loses what it needs.

    Parameters
    ----------
    identifier : "lesson.exercise".
    seconds : a longer time limit, in seconds.
    """
    frame = sys._getframe(1)
    space, filename = frame.f_globals, frame.f_code.co_filename
    if _handed is None:
        told = (
            "Let `program(…)` stand alone at the left edge of a notebook's cell, import it in a cell above, and run "
            "this cell once more."
        )
        session.say("This program was not checked.", told, "#9a6700")
        return
    body = _programs[_handed]
    known = session.find(identifier)
    if not isinstance(known, ProgramExercise):
        if known is not None:
            session.say("This program was not checked.", f"{identifier} does not ask for a program.", "#9a6700")
        exec(compile(ast.Module(body, []), filename, "exec"), space)
        return
    memory = session.memory_of(identifier)
    memory.space = space
    if identifier in os.environ.get("TUTOR_SKIP", "").split(os.pathsep):
        session.lend(identifier)
        return
    report = _run(known, body, space, filename, seconds)
    session.finish(known, memory, report, ast.unparse(ast.Module(body, [])))


def _run(
    known: ProgramExercise, body: list[ast.stmt], space: dict[str, Any], filename: str, seconds: float | None
) -> Report:
    if program_is_todo(body):
        return known.check(...)
    left = _bound.get(known.id, {})
    before = {name for name, value in left.items() if name in space and space[name] is value}
    given = {name: value for name, value in space.items() if name not in before}
    report, bound = known.run(_shown(body), seconds, names=given, filename=filename, live=True)
    free = {name for name in bound if name not in given}
    space.update({name: value for name, value in bound.items() if name in free or name in known.spec.leaves})
    _bound[known.id] = {name: bound[name] for name in free - set(known.spec.leaves)}
    return report


def _shown(body: list[ast.stmt]) -> list[ast.stmt]:
    """A program whose last line is shown, as a cell's is, where it is an expression."""
    last = body[-1]
    if not isinstance(last, ast.Expr):
        return body
    show = ast.parse("__import__('sys').displayhook(0)").body[0]
    show.value.args = [last.value]
    return [*body[:-1], ast.fix_missing_locations(ast.copy_location(show, last))]
