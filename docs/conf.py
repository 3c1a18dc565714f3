"""How the documentation site is built: ``python -m sphinx --fail-on-warning docs docs/_build``."""

from __future__ import annotations

import sys
from pathlib import Path

from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent))

import generated_pages
from numpydoc.xref import DEFAULT_LINKS

import mfmgame

project = "mfmgame"
author = "The mfmgame maintainers"
project_copyright = author
release = version = mfmgame.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx_copybutton",
]
exclude_patterns = ["_build", "**.ipynb_checkpoints"]
nitpicky = True
# What other projects document; a build reads nothing from the network.
nitpick_ignore_regex = [("py:.*", r"(json|matplotlib|numpy|pandas|scipy)\..*")]

# Headings of up to this depth can be linked to, by the names that code hosts give them.
myst_heading_anchors = 4
myst_enable_extensions = ["dollarmath"]

autosummary_generate = True
# On some file systems `ensemble` and `Ensemble` are one file.
autosummary_filename_map = {
    f"mfmgame.{name}": f"mfmgame.{name}-class"
    for name in mfmgame.__all__
    if name != name.lower() and name.lower() in mfmgame.__all__
}
autodoc_typehints = "none"  # the docstrings have the types, with shapes and units
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
# Of the types in docstrings, those that are documented here are links, and no others.
DEFAULT_LINKS.clear()
numpydoc_xref_param_type = True
numpydoc_xref_aliases = {name: f"mfmgame.{name}" for name in mfmgame.__all__}
numpydoc_xref_ignore = "all"
numpydoc_validation_checks: set[str] = set()  # the tests do it

html_theme = "furo"
html_title = f"mfmgame {release}"
html_show_copyright = False
html_last_updated_fmt = None  # the same input builds the same pages
html_copy_source = False
templates_path = ["_templates"]
copybutton_exclude = ".linenos, .gp, .go"


def write_pages(app: Sphinx) -> None:
    """Write the pages that come from elsewhere before any is read."""
    generated_pages.write(Path(app.outdir))


def lead_into_the_site(app: Sphinx, page: str, source: list[str]) -> None:
    """Turn links to pages outside this folder into links to their places on the site."""
    if page.split("/")[0] != "generated" and app.env.doc2path(page).suffix == ".md":
        source[0] = generated_pages.relinked(source[0], Path("docs"), Path("docs"))


def setup(app: Sphinx) -> None:
    """Connect both to the build."""
    app.connect("builder-inited", write_pages)
    app.connect("source-read", lead_into_the_site)
