"""`genre tag`: the genres of a music library's files: shown, written, audited, undone."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genre_lib.audio.files import shown
from genre_lib.cli.options import (
    add_command,
    add_executor_options,
    add_model_option,
    chosen_executor,
    progress,
    refuse_recordings,
    say_error,
)
from genre_lib.errors import ParameterError
from genre_lib.utils.extras import require

if TYPE_CHECKING:
    from genre_lib.batch import Journal
    from genre_lib.batch.predict import Result, Unusable
    from genre_lib.batch.tagging import Audit, Rules, Step


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "tag",
        _tag,
        "fill in the genre tags of music files; shows what it would do, and changes nothing without --write",
        example="genre tag Music/ (look), then genre tag Music/ --write; genre tag Music/ --undo takes it back",
    )
    parser.add_argument("paths", nargs="*", metavar="PATH", help="music files, or folders of them")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--write", action="store_true", help="write the genre where a file has none")
    what.add_argument("--audit", action="store_true", help="list where tag and belief contradict each other, as CSV")
    what.add_argument("--undo", action="store_true", help="restore the files as they were before, byte for byte")
    what.add_argument("--show-tree", action="store_true", help="print the genre tree, to be edited for --tree")
    rules = parser.add_argument_group("what is written")
    add_rules(rules)
    rules.add_argument("--replace", action="store_true", help="also where there is another genre")
    rules.add_argument("--keep-time", action="store_true", help="leave each file's time of change as it was")
    rules.add_argument(
        "--break-links", action="store_true", help="also files with several names (hard links), under this name only"
    )
    add_hearing(parser)
    parser.add_argument("--changes", metavar="FILE", help="where it is kept how to undo (default: one for this user)")
    parser.add_argument("--out", metavar="FILE", help="write the table, or the audit, as CSV")


def add_rules(parser: argparse._ArgumentGroup) -> None:
    """Options that say when and how a genre is written."""
    parser.add_argument("--multi", action="store_true", help="every genre that fills a fifth of the time")
    parser.add_argument(
        "--min",
        type=float,
        metavar="P",
        help="least belief for writing (default: whatever the model names)",
    )
    parser.add_argument("--scores", action="store_true", help="add all probabilities as the tag GENRE_SCORES")
    parser.add_argument("--map", metavar="FILE", help="YAML with spellings, such as `hiphop: Rap`")
    parser.add_argument("--tree", metavar="FILE", help="YAML with the genre tree (default: the one that ships)")


def add_hearing(parser: argparse.ArgumentParser) -> None:
    """Options of hearing many files."""
    add_model_option(parser)
    add_executor_options(parser)
    parser.add_argument(
        "--journal", metavar="FILE", help="where it is kept what was heard, so that nothing is heard twice"
    )


def rules_of(options: argparse.Namespace, genres: Sequence[str]) -> Rules:
    """The rules that the options ask for, for a model with these genres."""
    from genre_lib.batch.tagging import GenreTree, Rules
    from genre_lib.batch.tagging.genre_tree import load_names

    tree = GenreTree.load(options.tree)
    if options.map:
        tree = tree.renamed(load_names(options.map, genres))
    return Rules(
        replace=getattr(options, "replace", False),
        multi=options.multi,
        least=options.min,
        scores=options.scores,
        tree=tree,
    )


def find(paths: Sequence[str]) -> tuple[list[Path], list[Unusable]]:
    """Music files below some paths, and what cannot be found, said at once."""
    from genre_lib.audio.finding import find_recordings
    from genre_lib.batch.predict import unusable_of

    if not paths:
        raise ParameterError("Name the music files, or the folders with them.")
    found = find_recordings(paths)
    unusable = unusable_of(found)
    for one in unusable:
        say_error(one.error)
    return found.recordings, unusable


def heard(
    options: argparse.Namespace,
    resources: ExitStack,
    recordings: Sequence[Path],
    journal: Journal | None,
    *,
    with_vector: bool = False,
) -> Iterator[Result]:
    """What is believed about recordings, through the executor that the options name."""
    from genre_lib.batch.tagging.library import hear

    executor = resources.enter_context(chosen_executor(options))
    return hear(
        recordings,
        journal=journal,
        model=options.model,
        executor=executor,
        with_vector=with_vector,
        progress=progress("heard"),
    )


def journal_of(options: argparse.Namespace, resources: ExitStack, *, default: bool) -> Journal | None:
    """The journal of what was heard: as named; else this user's, where that is asked for."""
    from genre_lib.batch import Journal
    from genre_lib.batch.tagging.library import journal_of_hearing
    from genre_lib.bundle.files import open_bundle

    place = options.journal or (journal_of_hearing(options.paths) if default else None)
    return None if place is None else resources.enter_context(Journal(place, open_bundle(options.model).card))


def _tag(options: argparse.Namespace) -> int:
    from genre_lib.bundle.files import open_bundle

    if options.show_tree:
        from genre_lib.batch.tagging.genre_tree import shipped_text

        print(shipped_text(), end="")
        return 0
    refuse_recordings(options, "out", "journal", "changes")
    if options.undo:
        return _undo(options)
    require("mutagen", what="Reading and writing tags")
    genres = open_bundle(options.model).card.genres
    rules = rules_of(options, genres)
    recordings, unusable = find(options.paths)
    with ExitStack() as resources:
        if options.audit:
            status = _audit(options, resources, recordings, rules, genres)
        else:
            work = _write if options.write else _look
            status = _report(options, work(options, resources, recordings, rules))
    return 1 if unusable else status


def _look(options: argparse.Namespace, resources: ExitStack, recordings: list[Path], rules: Rules) -> Iterator[Step]:
    from genre_lib.batch.tagging import Care
    from genre_lib.batch.tagging.library import checked, planned

    journal = journal_of(options, resources, default=False)
    steps = planned(heard(options, resources, recordings, journal), rules)
    return checked(steps, Care(break_links=options.break_links))


def _write(options: argparse.Namespace, resources: ExitStack, recordings: list[Path], rules: Rules) -> Iterator[Step]:
    from genre_lib.batch.tagging import Care, UndoJournal, recover
    from genre_lib.batch.tagging.library import journal_of_changes, planned, written
    from genre_lib.batch.tagging.plan import without_hearing

    journal = journal_of(options, resources, default=True)
    assert journal is not None
    changes = resources.enter_context(UndoJournal(options.changes or journal_of_changes()))
    recover(changes, journal.renew)
    care = Care(keep_time=options.keep_time, break_links=options.break_links, on_change=journal.renew)
    known = {path: without_hearing(path, rules) for path in recordings}
    left = [path for path, step in known.items() if step is None]
    steps = planned(heard(options, resources, left, journal), rules)
    return chain((step for step in known.values() if step is not None), written(steps, changes, care))


def _report(options: argparse.Namespace, steps: Iterable[Step]) -> int:
    """Say what becomes of each file, and count."""
    from genre_lib.batch.tagging.plan import to_csv, to_table

    counts: Counter[str] = Counter()
    n_edits = n_failed = 0

    def told() -> Iterator[Step]:
        nonlocal n_edits, n_failed
        for step in steps:
            n_edits += step.edit is not None
            n_failed += step.failed
            if step.failed:
                say_error(step.note)
            elif step.note:
                counts[step.note] += 1
            if not step.failed or step.heard is not None or options.out:
                yield step

    _output(options.out, to_csv(told()) if options.out else to_table(told()))
    parts = [f"{n_edits} {'written' if options.write else 'to write'}"]
    parts += [f"{count} left ({note})" for note, count in counts.most_common()]
    parts += [f"{n_failed} could not be used"] if n_failed else []
    hint = "" if options.write or not n_edits else "; nothing was changed: --write does it"
    print(f"{', '.join(parts)}{hint}", file=sys.stderr)
    return 1 if n_failed else 0


def _audit(
    options: argparse.Namespace, resources: ExitStack, recordings: list[Path], rules: Rules, genres: Sequence[str]
) -> int:
    from genre_lib.batch.predict import Prediction
    from genre_lib.batch.tagging import Audit, formats, heard_in
    from genre_lib.batch.tagging.audit import can_judge
    from genre_lib.errors import GenreLibError

    audit: Audit = Audit(rules.tree)
    tags: dict[Path, tuple[str, ...]] = {}
    n_failed = 0
    for path in recordings:
        try:
            tag = formats.read(path, audio=False).genres
        except (GenreLibError, OSError) as error:
            say_error(str(error))
            n_failed += 1
            continue
        if can_judge(tag, genres, rules.tree):
            tags[path] = tag
        else:
            audit.add(path, tag, None, genres)
    journal = journal_of(options, resources, default=False)
    for result in heard(options, resources, list(tags), journal):
        if isinstance(result, Prediction):
            audit.add(result.path, tags[result.path], heard_in(result.curve), genres)
        else:
            say_error(result.error)
            n_failed += 1
    _output(options.out, audit.to_csv())
    print(audit.to_text(), file=sys.stderr)
    return 1 if n_failed else 0


def _undo(options: argparse.Namespace) -> int:
    from genre_lib.batch.tagging import UndoJournal, recover, undo
    from genre_lib.batch.tagging.library import journal_of_changes, journal_of_hearing

    if not options.paths:
        raise ParameterError("Name the files or folders to restore.")
    place = Path(options.changes or journal_of_changes())
    if not place.exists():
        raise ParameterError(f"There is no journal of changes at {place}: nothing was written, or --changes names it.")
    n_restored = n_failed = 0
    with ExitStack() as resources:
        changes = resources.enter_context(UndoJournal(place))
        known = options.journal or journal_of_hearing(options.paths)
        journal = journal_of(options, resources, default=True) if Path(known).exists() else None
        renew = journal.renew if journal is not None else lambda path, before, after: None
        recover(changes, renew)
        for outcome in undo([Path(path) for path in options.paths], changes, on_change=renew):
            if isinstance(outcome, Path):
                n_restored += 1
                print(shown(outcome))
            else:
                n_failed += 1
                say_error(str(outcome))
    print(f"{n_restored} changes undone", file=sys.stderr)
    return 1 if n_failed else 0


def _output(out: str | None, lines: Iterable[str]) -> None:
    """Lines to a file, whole or not at all, or to standard output as they come."""
    if out is None:
        for line in lines:
            print(line, flush=True)
        return
    from genre_lib.utils.atomic import replaced_file

    try:
        with replaced_file(out) as draft, draft.open("w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
    except OSError as error:
        raise ParameterError(f"{out} cannot be written ({error.strerror}): choose another file for --out.") from error
