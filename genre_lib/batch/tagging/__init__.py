"""Genres in the tags of music files: planned, written without harm, undone, audited, and made into playlists."""

from genre_lib.batch.tagging.answers import Heard, heard_in
from genre_lib.batch.tagging.audit import Audit, Contradiction
from genre_lib.batch.tagging.genre_tree import GenreTree
from genre_lib.batch.tagging.plan import Rules, Step, plan
from genre_lib.batch.tagging.safe_write import Care, recover, undo, write_tags
from genre_lib.batch.tagging.undo_journal import UndoJournal

__all__ = [
    "Audit",
    "Care",
    "Contradiction",
    "GenreTree",
    "Heard",
    "Rules",
    "Step",
    "UndoJournal",
    "heard_in",
    "plan",
    "recover",
    "undo",
    "write_tags",
]
