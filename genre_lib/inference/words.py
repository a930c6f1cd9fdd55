"""What a belief is called where people read it, the same as on the page."""

from __future__ import annotations

from collections.abc import Mapping

from genre_lib.inference.answer import Answer

# A genre with less of the time than this is not worth naming among those that a recording changes between.
WORTH_NAMING = 0.1


def spoken(genre: str) -> str:
    """A genre as people write it.

    Examples
    --------
    >>> spoken("hiphop")
    'hip hop'
    """
    return "hip hop" if genre == "hiphop" else genre.replace("_", " ")


def name_of(state: str, genre: str | None) -> str:
    """A moment, a segment or a recording in a word or two.

    Examples
    --------
    >>> name_of("probable", "rock")
    'probably rock'
    """
    if state == "mixed":
        return "it changes"
    if genre is None or state not in ("music", "probable"):
        return state
    return spoken(genre) if state == "music" else f"probably {spoken(genre)}"


def whole_words(answer: Answer) -> str:
    """A recording as a whole.

    Examples
    --------
    >>> whole_words(Answer("music", "rock", {"rock": 0.71, "blues": 0.2, "pop": 0.09}))
    'rock 71 %, then blues 20 %'
    """
    if answer.state == "silence":
        return "silence"
    ranked = [f"{spoken(genre)} {percent(p)}" for genre, p in answer.ranked]
    first, second = ranked[:2]
    if answer.state == "mixed":
        return f"it changes: {', '.join(ranked[: n_worth_naming(answer.probabilities)])}"
    if answer.state == "unsure":
        return f"hard to tell; nearest to {first} and {second}"
    return f"{'probably ' if answer.state == 'probable' else ''}{first}, then {second}"


def n_worth_naming(probabilities: Mapping[str, float]) -> int:
    """How many of the first genres are named of a recording that changes: two, and more that have a tenth of it."""
    return max(2, sum(p >= WORTH_NAMING for p in probabilities.values()))


def percent(probability: float) -> str:
    """Whole percent; never a 100 % or 0 % that is not exact.

    Examples
    --------
    >>> percent(0.997), percent(0.204)
    ('>99 %', '20 %')
    """
    if 0.99 < probability < 1:
        return ">99 %"
    if 0 < probability < 0.01:
        return "<1 %"
    return f"{100 * probability:.0f} %"
