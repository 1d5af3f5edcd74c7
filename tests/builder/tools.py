"""What other tools make of a reader's notebook, each as a function from a notebook to a notebook."""

import copy
import json

import jupytext
import nbformat


def nbdev_clean(notebook):
    """nbdev-clean keeps the kernel alone of a notebook's metadata, and nothing of a cell's."""
    made = copy.deepcopy(notebook)
    made["metadata"] = {k: v for k, v in made["metadata"].items() if k in ("kernelspec", "jupytext")}
    for cell in made["cells"]:
        cell["metadata"] = {}
        _clear(cell)
    return made


def nbstripout(notebook):
    """nbstripout drops outputs and counts, and numbers the cells' ids."""
    made = copy.deepcopy(notebook)
    for number, cell in enumerate(made["cells"]):
        cell["id"] = str(number)
        _clear(cell)
    return made


def jupytext_round_trip(notebook):
    """Through a script in the percent format and back: the ids and what jupytext does not know are gone."""
    text = jupytext.writes(nbformat.reads(json.dumps(notebook), as_version=4), fmt="py:percent")
    made = json.loads(nbformat.writes(jupytext.reads(text, fmt="py:percent")))
    for number, cell in enumerate(made["cells"]):
        cell["id"] = f"{number:08x}"  # jupytext draws them at random
    return made


def format_4_4(notebook):
    """Before 4.5 the format had no ids."""
    made = copy.deepcopy(notebook)
    for cell in made["cells"]:
        cell.pop("id", None)
    return {**made, "nbformat_minor": 4}


def colab(notebook):
    """Colab writes format 4.0, and ids of its own into the metadata."""
    made = format_4_4(notebook)
    made["metadata"] |= {"colab": {"provenance": []}, "accelerator": "GPU"}
    for number, cell in enumerate(made["cells"]):
        cell["metadata"]["id"] = f"c{number:011d}"
    return {**made, "nbformat_minor": 0}


def colab_with_ids(notebook):
    """Colab, where it takes over the ids that the cells had."""
    made = colab(notebook)
    for cell, old in zip(made["cells"], notebook["cells"], strict=True):
        cell["metadata"]["id"] = old.get("id") or cell["metadata"]["id"]
    return made


def vscode(notebook):
    """VS Code notes each cell's language, and the kernel's."""
    made = copy.deepcopy(notebook)
    made["metadata"] |= {"language_info": {"name": "python", "version": "3.12.1"}, "orig_nbformat": 4}
    for cell in made["cells"]:
        cell["metadata"]["vscode"] = {"languageId": "python"}
    return made


def nbgrader(notebook):
    """nbgrader notes of each cell how it is graded."""
    made = copy.deepcopy(notebook)
    made["metadata"]["celltoolbar"] = "Create Assignment"
    for number, cell in enumerate(made["cells"]):
        cell["metadata"]["nbgrader"] = {
            "grade": False,
            "grade_id": f"cell-{number}",
            "locked": True,
            "schema_version": 3,
        }
    return made


def windows(notebook):
    """An editor on Windows: every line ends in CR and LF, and a source is one string."""
    made = copy.deepcopy(notebook)
    for cell in made["cells"]:
        text = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
        cell["source"] = text.replace("\r\n", "\n").replace("\n", "\r\n")
    return made


TOOLS = [
    nbdev_clean,
    nbstripout,
    jupytext_round_trip,
    format_4_4,
    colab,
    colab_with_ids,
    vscode,
    nbgrader,
    windows,
]


def _clear(cell):
    if cell["cell_type"] == "code":
        cell |= {"outputs": [], "execution_count": None}
