"""`tutor site`: write the pages of the series from its lessons and let Sphinx make a site of static files of them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from string import Template
from urllib.parse import quote

from tutor.builder import coverage, notebooks, page
from tutor.builder.execute import executed
from tutor.builder.leaks import leaks
from tutor.errors import TutorError
from tutor.lessons import SHELVES
from tutor.lessons.registry import Lesson, series
from tutor.lessons.text import Cell, read_lesson
from tutor.store import write_atomically

GALLERY = "gallery.ipynb"
PAGES = (
    GALLERY,
    "debugging.ipynb",
)  # pages of the site alone, each executed from a text beside it in a lesson's format
FIRST_FIGURE = "valley-moved"  # the cell of the gallery whose output the first page shows too
BRANCH = "main"
_GITHUB = re.compile(r"github\.com[:/]([\w.-]+/[\w.-]+?)(?:\.git)?/?$")


def build(folder: Path, home: Path, *, jobs: int = 2, say: Callable[[str], None] = print) -> Path:
    """Execute the lessons and build the site.

    Parameters
    ----------
    folder : where everything is put: the site in `site`, its sources and the executed notebooks beside it.
    home : the folder with the site's settings, texts and styles (`docs/site` of a clone).
    jobs : how many notebooks are executed at once.

    Returns
    -------
    The folder of the site.

    Raises
    ------
    TutorError
        If a tool is missing, a notebook does not run, a page has a fault, or a solution stands in a file of the site.
    """
    if not (home / "conf.py").exists():
        raise TutorError(f"There is no {home / 'conf.py'}: `tutor site` runs in a clone of the series.")
    source, made = folder / "site-source", folder / "site"
    for old in (source, made):
        shutil.rmtree(old, ignore_errors=True)
    shutil.copytree(home, source)
    shutil.copytree(home.parent / "images", source / "images")
    write_pages(source, folder / "site-cache", jobs=jobs, say=say)
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html"]
    command += ["-d", str(folder / "site-doctrees"), str(source), str(made)]
    shutil.rmtree(folder / "site-doctrees", ignore_errors=True)
    status = subprocess.run(command).returncode
    if status:
        raise TutorError(f"Sphinx found fault with the pages in {source}; what it says stands above.")
    if told := leaks(path for path in made.rglob("*") if path.is_file() and "mathjax" not in path.parts):
        raise TutorError("\n".join(told))
    return made


def write_pages(source: Path, cache: Path, *, jobs: int, say: Callable[[str], None]) -> None:
    """Write the sources of all pages into `source`."""
    lessons = {lesson.filename: lesson for lesson in series()}
    named = {name: notebooks.student(lesson) for name, lesson in lessons.items()}
    for name in PAGES:
        named[name] = _plain(read_lesson((source / name).with_suffix(".py")))
    done = executed(named, {name: lesson.folder for name, lesson in lessons.items()}, cache, jobs, say)
    pictures, repository = source / "_static" / "pictures", repository_of(os.environ)
    for name, lesson in lessons.items():
        _write(source / name, page.page(lesson, done[name], links(name, repository), pictures))
        write_atomically(source / "extra" / "notebooks" / name, notebooks.as_bytes(named[name]).decode("utf-8"))
    for name in PAGES:
        _write(source / name, _shown(done[name], pictures))
    figure = page.shown(next(c for c in done[GALLERY]["cells"] if c["id"] == FIRST_FIGURE), pictures)
    write_atomically(source / "index.md", _index(source / "index.md", figure))
    write_atomically(source / "glossary.md", coverage.glossary())
    write_atomically(source / "exercises.md", f"# All exercises\n\n{coverage.exercises_by_effort(_numbered)}\n")
    taught = coverage.taught(_link).replace("### ", "## ")
    write_atomically(source / "coverage.md", f"# What is taught where\n\n{coverage.sources()}\n\n{taught}\n")


def _index(template: Path, figure: str) -> str:
    """The first page: its text with a figure that moves, the table of the lessons and their list for the side bar."""
    names = {
        f"names_{shelf or 'long'}": "\n".join(
            f"{x.label} {x.title} <{Path(x.filename).with_suffix('').as_posix()}>" for x in series() if x.shelf == shelf
        )
        for shelf in SHELVES
    }
    return Template(template.read_text(encoding="utf-8")).substitute(names, lessons=coverage.lessons(), figure=figure)


def _link(lesson: Lesson, cell: str) -> str:
    """A link to a cell on its page."""
    return (
        f'<a href="{Path(lesson.filename).with_suffix(".html").as_posix()}#{page.anchor(cell)}"><code>{cell}</code></a>'
    )


def _numbered(lesson: Lesson, cell: str) -> str:
    """The same with the lesson's number before it."""
    return f"{lesson.label} {_link(lesson, cell)}"


def _plain(cells: list[Cell]) -> page.Notebook:
    """A page of the site alone as a notebook without outputs; its cells keep their names as ids."""
    made = page.notebook([page.markdown(c.source) if c.kind == "markdown" else page.code(c.source, []) for c in cells])
    return {**made, "cells": [{**cell, "id": c.name} for cell, c in zip(made["cells"], cells, strict=True)]}


def _shown(notebook: page.Notebook, pictures: Path) -> page.Notebook:
    """What is shown of such a page: everything with its outputs."""
    cells = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cells.append(page.markdown(notebooks.source_of(cell)))
        else:
            cells += [page.place(cell["id"]), page.code(notebooks.source_of(cell), page.outputs(cell, pictures))]
    return page.notebook(cells)


def _write(path: Path, notebook: page.Notebook) -> None:
    write_atomically(path, json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")


def repository_of(environment: dict[str, str] | os._Environ[str]) -> str | None:
    """The GitHub repository "owner/name" that the links lead to.

    TUTOR_REPOSITORY names it; in GitHub's workflows GITHUB_REPOSITORY does; else it is the clone's origin. None if
    none of them does.

    Raises
    ------
    TutorError
        If the name is not of the form owner/name.
    """
    named = environment.get("TUTOR_REPOSITORY") or environment.get("GITHUB_REPOSITORY")
    if named:
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", named):
            raise TutorError(f'"{named}" is no repository: write TUTOR_REPOSITORY=owner/name.')
        return named
    try:
        asked = subprocess.run(["git", "remote", "get-url", "origin"], capture_output=True, text=True)
    except OSError:
        return None
    found = _GITHUB.search(asked.stdout.strip())
    return found[1] if found else None


def links(name: str, repository: str | None) -> str:
    """What a page offers of its notebook, as HTML: the file itself and, where a repository is known, two services."""
    up = "../" * name.count("/")  # a page stands in the folder that its notebook stands in
    offers = [f'<a href="{up}notebooks/{name}" download>Download the notebook</a>']
    note = "A page shows the unsolved notebook: work through it with <code>make lab</code>, which judges your answers."
    if repository is not None:
        path = quote(f"notebooks/{name}")
        colab = f"https://colab.research.google.com/github/{repository}/blob/{BRANCH}/{path}"
        binder = f"https://mybinder.org/v2/gh/{repository}/{BRANCH}?urlpath={quote(f'lab/tree/{path}', safe='')}"
        offers += [f'<a href="{colab}">Open in Colab</a>', f'<a href="{binder}">Open in Binder</a>']
        note += (
            " The links to Colab and Binder have not been tried yet. In Colab, run first "
            f"<code>%pip install git+https://github.com/{repository}</code>."
        )
    return f'<p class="notebook-links">{" ".join(offers)}</p>\n<p class="notebook-note">{note}</p>\n'
