"""The documentation site: `make docs` builds it into docs/site. It asks no other host for anything."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import genre_lib  # noqa: E402
from docs.generators.pages import write_generated_pages  # noqa: E402

project = "Live music genre recognition"
author = "the authors"
project_copyright = ""
html_show_copyright = False
version = release = genre_lib.__version__

extensions = ["myst_nb", "autoapi.extension", "sphinx.ext.napoleon", "sphinx_copybutton", "sphinx_design"]
exclude_patterns = ["site", "generators", "generated/figures/*.md", "generated/results.md"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
default_role = "code"
# An option is written with two hyphens.
smartquotes = False

# Notebooks come with the outputs of the run that made them. No script for widgets: it would be fetched.
nb_execution_mode = "off"
nb_ipywidgets_js: dict[str, dict[str, str]] = {}
nb_mime_priority_overrides = [("html", "image/png", 1), ("html", "text/html", 2)]

# Read, not imported: the reference needs neither TensorFlow nor Jupyter.
autoapi_dirs = ["../genre_lib"]
autoapi_root = "reference/api"
autoapi_ignore = ["*/__main__.py"]
autoapi_options = ["members", "undoc-members", "show-inheritance", "show-module-summary"]
autoapi_own_page_level = "module"
autoapi_member_order = "bysource"
autoapi_add_toctree_entry = False
autoapi_keep_files = False
# A shape such as (n, n_genres) names no attribute, though napoleon takes its words for references.
suppress_warnings = ["autoapi.python_import_resolution", "ref.python"]
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = project
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_favicon = "../web/public/favicon.ico"
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#3f4bb8", "color-brand-content": "#3f4bb8"},
    "dark_css_variables": {"color-brand-primary": "#9aa5f5", "color-brand-content": "#9aa5f5"},
}
copybutton_prompt_text = "$ "
copybutton_exclude = ".linenos, .gp, .go"


def setup(app) -> None:
    """Make what is made from the code before anything is read."""
    app.connect("builder-inited", lambda _: write_generated_pages(HERE))
