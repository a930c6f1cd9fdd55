"""The rules: what is written, and why not."""

from pathlib import Path

import pytest

from genre_lib.batch.tagging import Audit, GenreTree, Heard, Rules
from genre_lib.batch.tagging.formats import Contents, Edit
from genre_lib.batch.tagging.plan import decide, scores_text, to_csv, to_table
from genre_lib.errors import ParameterError

GENRES = ("blues", "jazz", "metal", "rock")
SONG = Path("song.mp3")


def heard(
    genre: str = "metal", p: float = 0.7, *, state: str = "music", shares: dict[str, float] | None = None
) -> Heard:
    rest = (1 - p) / (len(GENRES) - 1)
    probabilities = {name: p if name == genre else rest for name in GENRES}
    return Heard(state == "music", state, genre, probabilities, shares or {genre: 0.9}, 200.0)


def holding(*genres: str, scores: str | None = None) -> Contents:
    return Contents("", (), genres, scores)


@pytest.mark.parametrize(
    ("tag", "answer", "rules", "edit", "note"),
    [
        ((), heard(), Rules(), Edit(("Metal",)), ""),
        (("Rock",), heard(), Rules(), None, "has a genre"),
        (("Rock",), heard(), Rules(replace=True), Edit(("Metal",)), ""),
        (("Death Metal",), heard(), Rules(replace=True), None, "agrees"),
        ((), heard(p=0.7), Rules(least=0.8), None, "below 0.8"),
        ((), heard(p=0.9), Rules(least=0.8), Edit(("Metal",)), ""),
        # Never what the model calls unsure, whatever is asked for.
        ((), heard(state="unsure"), Rules(least=0.1, replace=True), None, "unsure"),
        ((), Heard(False, "silence", None, dict.fromkeys(GENRES, 0.25), {}, 3.0), Rules(scores=True), None, "silence"),
        ((), heard(shares={"rock": 0.5, "metal": 0.3, "jazz": 0.1}), Rules(multi=True), Edit(("Rock", "Metal")), ""),
        ((), heard(shares={"rock": 0.5}), Rules(multi=True), Edit(("Metal", "Rock")), ""),
        # What changes has no one name, but several.
        ((), heard(p=0.5, state="mixed"), Rules(), None, "mixed"),
        (
            (),
            heard(p=0.5, state="mixed", shares={"rock": 0.5, "jazz": 0.3}),
            Rules(multi=True),
            Edit(("Rock", "Jazz")),
            "",
        ),
        ((), heard(p=0.5, state="mixed", shares={"rock": 0.1}), Rules(multi=True), None, "mixed"),
        ((), heard(p=0.5, state="probable"), Rules(multi=True), None, "probable"),
    ],
)
def test_rules(tag, answer: Heard, rules: Rules, edit: Edit | None, note: str) -> None:
    step = decide(SONG, holding(*tag), answer, rules)
    assert (step.edit, step.note) == (edit, note)


def test_scores_are_added_whatever_is_done_about_the_genre() -> None:
    assert scores_text(heard()) == "metal 0.70; blues 0.10; jazz 0.10; rock 0.10"
    assert scores_text(heard(p=0.997)) == "metal 1.00"
    rules = Rules(scores=True)
    assert decide(SONG, holding("Rock"), heard(), rules).edit == Edit(None, scores_text(heard()))
    assert decide(SONG, holding(), heard(), rules).edit == Edit(("Metal",), scores_text(heard()))
    assert decide(SONG, holding("Rock", scores=scores_text(heard())), heard(), rules).edit is None


def test_the_genre_is_spelt_as_asked() -> None:
    rules = Rules(tree=GenreTree.load().renamed({"metal": "Heavy stuff"}))
    assert decide(SONG, holding(), heard(), rules).edit == Edit(("Heavy stuff",))


def test_a_least_belief_is_a_probability() -> None:
    with pytest.raises(ParameterError, match="from 0 to 1"):
        Rules(least=80)


def test_tables_show_tag_belief_and_what_would_be_written() -> None:
    steps = [
        decide(SONG, holding(), heard(), Rules()),
        decide(SONG, holding("Rock; Pop, and more"), heard(state="unsure"), Rules(replace=True)),
    ]
    first, second = list(to_table(steps))[1:]
    assert first.split() == ["-", "metal", "0.70", "Metal", "song.mp3"]
    assert "unsure" in second
    assert second.endswith("song.mp3  (unsure)")
    assert list(to_csv(steps))[1] == "song.mp3,,music,metal,0.700000,Metal,"


def test_an_audit_ranks_clear_contradictions() -> None:
    audit = Audit(GenreTree.load())
    for name, tag, answer in (
        ("a", ("Rock",), heard("metal", 0.7)),
        ("b", ("Delta Blues",), heard("metal", 0.9)),
        ("agrees", ("Death Metal",), heard("metal", 0.9)),
        ("one of two", ("Rock", "Metal"), heard("metal", 0.9)),
        ("unsure", ("Rock",), heard(state="unsure")),
        ("both", ("Rock",), heard("metal", 0.35)),
        ("no tag", (), heard()),
        ("unknown", ("Polka",), heard()),
        ("half unknown", ("Rock", "Polka"), heard()),
        ("elsewhere", ("Techno",), heard()),
    ):
        audit.add(Path(name), tag, answer, GENRES)
    assert [str(one.path) for one in audit.ranked] == ["b", "a"]
    assert (audit.agree, audit.untagged, audit.undecided) == (2, 1, 5)
    assert audit.unknown == {"Polka": 2}
    assert audit.elsewhere == {"Techno": 1}
    assert "Polka (2)" in audit.to_text()
    header, first, _ = audit.to_csv()
    assert header == "path,tag,tag_genres,genre,probability,probability_of_tag,clearness"
    assert first == "b,Delta Blues,blues,metal,0.9000,0.0333,0.8667"
