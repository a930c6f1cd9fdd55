"""A plugin for beets that fills in empty genres by what is heard: `beet genrecurve`, and on import.

Rules, spellings and safe writing are those of `genre tag`. In beets' configuration:

    plugins: genrecurve
    genrecurve:
      auto: yes        # on import too
      write: yes       # into files; by default as `import: write:` says
      min: 0.7         # least belief; by default whatever the model names
      multi: no        # every genre that fills a fifth of the time
      scores: no       # also the tag GENRE_SCORES
      map: ~           # a file with spellings
      model: ~         # a model bundle's folder or zip
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from optparse import Values
from pathlib import Path
from typing import Any

from beets import config, ui
from beets.plugins import BeetsPlugin

from genre_lib.batch.predict import Prediction
from genre_lib.batch.tagging import Care, GenreTree, Rules, UndoJournal, formats, heard_in, recover, write_tags
from genre_lib.batch.tagging.genre_tree import load_names
from genre_lib.batch.tagging.library import hear, journal_of_changes
from genre_lib.batch.tagging.plan import decide
from genre_lib.bundle.files import open_bundle
from genre_lib.errors import GenreLibError, TagError


class GenreCurvePlugin(BeetsPlugin):
    """Hears items without a genre and fills it in."""

    def __init__(self) -> None:
        super().__init__()
        self.config.add(
            {"auto": True, "write": None, "min": None, "multi": False, "scores": False, "map": None, "model": None}
        )
        self._filled: dict[int, formats.Edit] = {}
        if self.config["auto"].get(bool):
            self.import_stages = [self._on_import]
            self.register_listener("import_task_files", self._after_import)

    def commands(self) -> list[ui.Subcommand]:
        """`beet genrecurve QUERY`."""
        command = ui.Subcommand("genrecurve", help="fill in empty genres by what is heard")
        add = command.parser.add_option
        add("-p", "--pretend", action="store_true", help="show what would be done, change nothing")
        add("-r", "--replace", action="store_true", help="also where there is another genre")
        add("-W", "--nowrite", action="store_true", help="in the library of beets alone, not in files")
        command.func = self._command
        return [command]

    def _command(self, library: Any, options: Values, arguments: list[str]) -> None:
        items = [item for item in library.items(arguments) if options.replace or not _genres_of(item)]
        writes = not options.nowrite and self._writes()
        for item, edit in self._decided(items, replace=bool(options.replace)):
            ui.print_(f"{item}: {', '.join(edit.genres or ()) or formats.SCORES}")
            if options.pretend:
                continue
            if edit.genres is not None:
                _set_genres(item, edit.genres)
            if writes:
                self._write(item, edit)
            item.store()

    def _on_import(self, session: Any, task: Any) -> None:
        """Set genres before beets itself writes the tags of what it imports."""
        for item, edit in self._decided([item for item in task.imported_items() if not _genres_of(item)]):
            if edit.genres is not None:
                _set_genres(item, edit.genres)
                item.store()
            self._filled[item.id] = edit

    def _after_import(self, task: Any) -> None:
        """Write what beets did not: it leaves the tags of what is imported as it is."""
        for item in task.imported_items():
            edit = self._filled.pop(item.id, None)
            if edit is not None and self._writes() and not _is_written(item, edit):
                self._write(item, edit)
                item.store()

    def _decided(self, items: Iterable[Any], *, replace: bool = False) -> Iterator[tuple[Any, formats.Edit]]:
        """Items with what is to be written into each."""
        by_path = {Path(os.fsdecode(item.path)): item for item in items}
        model = self.config["model"].get()
        try:
            rules = self._rules(open_bundle(model).card.genres, replace)
            for result in hear(list(by_path), model=model):
                if not isinstance(result, Prediction):
                    self._log.warning(result.error)
                    continue
                item = by_path[result.path]
                known = formats.Contents("", (), _genres_of(item))
                step = decide(result.path, known, heard_in(result.curve), rules)
                if step.edit is None:
                    self._log.info(f"{result.path}: {step.note}")
                else:
                    yield item, step.edit
        except GenreLibError as error:
            raise ui.UserError(str(error)) from error

    def _rules(self, genres: tuple[str, ...], replace: bool) -> Rules:
        tree = GenreTree.load()
        if names := self.config["map"].get():
            tree = tree.renamed(load_names(names, genres))
        least = self.config["min"].get()
        return Rules(
            replace=replace,
            multi=self.config["multi"].get(bool),
            least=None if least is None else float(least),
            scores=self.config["scores"].get(bool),
            tree=tree,
        )

    def _writes(self) -> bool:
        asked = self.config["write"].get()
        return config["import"]["write"].get(bool) if asked is None else bool(asked)

    def _write(self, item: Any, edit: formats.Edit) -> None:
        with UndoJournal(journal_of_changes(), patience_s=60) as changes:
            recover(changes)
            try:
                write_tags(Path(os.fsdecode(item.path)), edit, changes, Care())
            except TagError as error:
                self._log.warning(str(error))
            else:
                # Else beets would think that somebody else had changed the file.
                item.mtime = item.current_mtime()


def _is_written(item: Any, edit: formats.Edit) -> bool:
    try:
        contents = formats.read(Path(os.fsdecode(item.path)), audio=False)
    except (GenreLibError, OSError):
        # The attempt to write says what is wrong.
        return False
    return contents.genres == (edit.genres or contents.genres) and contents.scores == (edit.scores or contents.scores)


def _genres_of(item: Any) -> tuple[str, ...]:
    """An item's genres: one text, or a list in later versions of beets."""
    several = item.get("genres") or ()
    return tuple(several) if several else tuple(filter(None, (item.get("genre"),)))


def _set_genres(item: Any, genres: tuple[str, ...]) -> None:
    if "genres" in type(item)._fields:
        item.genres = list(genres)
    else:
        item.genre = "; ".join(genres)
