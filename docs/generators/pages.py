"""Everything that the build makes before Sphinx reads the pages."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

from docs.generators.card_page import write_card_page
from docs.generators.command_pages import write_command_pages
from docs.generators.figures import write_figures
from docs.generators.results import write_results
from genre_lib.bundle.files import read_card
from genre_lib.bundle.resources import pretrained_folder


def write_generated_pages(docs: Path) -> None:
    """Write docs/generated anew; figures only where something that they are made from has changed."""
    # Sphinx shows what other libraries log.
    for name in ("kaleido", "choreographer"):
        logging.getLogger(name).setLevel(logging.WARNING)
    folder = docs / "generated"
    shutil.rmtree(folder / "commands", ignore_errors=True)
    (folder / "commands").mkdir(parents=True)
    (folder / "figures").mkdir(exist_ok=True)
    write_command_pages(folder / "commands")
    write_card_page(folder / "card.md")
    write_results(folder / "results.md", read_card(pretrained_folder()))
    write_figures(folder / "figures")
