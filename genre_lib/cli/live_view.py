"""The live belief in a terminal: bars that move, or in a log a line for each change."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from genre_lib.inference.live_listener import LiveListener, Now
from genre_lib.inference.segments import clock
from genre_lib.inference.words import name_of, percent, spoken, whole_words

Show = Callable[[LiveListener], None]
_REDRAWN_S = 0.2
_BAR = 40


@contextmanager
def live_view(*, bars: bool, say: Callable[[str], None]) -> Iterator[Show]:
    """A function to call whenever more was heard.

    Parameters
    ----------
    bars : bool
        Bars for each genre, redrawn in place; else a line whenever what is said changes.
    say : callable
        Gets these lines.
    """
    if not bars:
        yield _lines(say)
        return
    from rich.live import Live

    with Live(auto_refresh=False, transient=False) as live:
        last = 0.0

        def show(listener: LiveListener) -> None:
            nonlocal last
            now = time.monotonic()
            if listener.now is not None and now - last >= _REDRAWN_S:
                last = now
                live.update(_panel(listener, listener.now), refresh=True)

        yield show


def _lines(say: Callable[[str], None]) -> Show:
    said = ""

    def show(listener: LiveListener) -> None:
        nonlocal said
        now = listener.now
        if now is None:
            return
        name = headline(listener, now)
        if name != said:
            said = name
            belief = "" if now.state == "silence" else f" {percent(float(now.probabilities.max()))}"
            say(f"{clock(now.time_s)} {name}{belief}")

    return show


def headline(listener: LiveListener, now: Now) -> str:
    """What is said of the newest moment."""
    return name_of(now.state, listener.card.genres[int(now.probabilities.argmax())])


def _panel(listener: LiveListener, now: Now) -> Any:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from genre_lib.figures.palette import genre_colours

    genres = listener.card.genres
    colours = genre_colours(genres)
    named = now.state in ("music", "probable")
    leader = int(now.probabilities.argmax())
    table = Table.grid(padding=(0, 1))
    for index, genre in enumerate(genres):
        p = 0.0 if now.state == "silence" else float(now.probabilities[index])
        bold = "bold" if named and index == leader else ""
        bar = Text("█" * round(_BAR * p), style=colours[genre])
        table.add_row(Text(spoken(genre), style=bold), bar, Text(percent(p), style=bold))
    title = Text(headline(listener, now), style="bold" if named else "italic")
    heard = f"{clock(now.time_s)} heard, {now.level:.0f} dBFS. So far: {whole_words(listener.answer())}"
    return Group(title, table, Text(heard, style="dim"))
