"""Sphinx's settings for the site of the series; its pages are written by tutor/builder/site.py."""

import importlib.util
from pathlib import Path

from sphinx.util.fileutil import copy_asset

project = "Learn how PyTorch works"
author = "the authors of autograd-tutor"
copyright = "the authors of autograd-tutor, MIT licence"
language = "en"

extensions = ["myst_nb", "sphinx.ext.mathjax"]
nb_execution_mode = "off"  # executed before, several at once, and kept
nb_merge_streams = True
myst_enable_extensions = ["dollarmath"]
templates_path = ["_templates"]

html_theme = "furo"
html_title = project
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_extra_path = ["extra"]
html_copy_source = False
html_use_index = False
html_show_sphinx = False

# MathJax comes from the package that carries it, never from a network; only what the pages use is copied
MATHJAX = Path(importlib.util.find_spec("sphinx-mathjax-offline").submodule_search_locations[0], "static", "mathjax")
USED = ("tex-chtml.js", "input/tex/extensions/textmacros.js", "output/chtml/fonts")
mathjax_path = "mathjax/tex-chtml.js"
mathjax3_config = {
    "loader": {"load": ["[tex]/textmacros"]},
    "tex": {"packages": {"[+]": ["textmacros"]}},
    "options": {"enableMenu": False},
}


def copy_mathjax(app, error):
    """Put MathJax beside the site's other static files."""
    if error is None:
        for name in USED:
            goal = Path(app.outdir, "_static", "mathjax", name)
            copy_asset(str(MATHJAX / name), str(goal if (MATHJAX / name).is_dir() else goal.parent))


def plain_captions(app, page, template, context, doctree):
    """The side bar's captions are no headings of the page: furo marks them so, without the level that this asks for."""
    tree = context.get("furo_navigation_tree")
    if tree:
        context["furo_navigation_tree"] = tree.replace(' role="heading"', "")


def setup(app):
    """Connect what Sphinx has no setting for."""
    app.connect("build-finished", copy_mathjax)
    app.connect("html-page-context", plain_captions, priority=900)
