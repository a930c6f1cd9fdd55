"""Heads, background and temperature, on features that are made up."""

import json

import numpy as np
import pytest

from genre_lib.bundle.files import open_bundle
from genre_lib.errors import BundleError
from genre_lib.training.teaching.background import BACKGROUND, Background
from genre_lib.training.teaching.head import NAMED_KNOWN, NAMED_MUSIC, NAMED_NON_MUSIC, Head, bent, fit_head
from genre_lib.training.teaching.spans import spans_of
from genre_lib.training.teaching.temperature import GUESSED_TEMPERATURE, PRIOR_TEMPERATURE, fit_temperature
from tests.training.teaching.teach_reference import FIXTURE, answers

N = 12


@pytest.fixture(scope="module")
def background() -> Background:
    rng = np.random.default_rng(0)
    music = np.maximum(rng.normal(1.0, 0.4, (1500, N)), 0)
    noise = np.maximum(rng.normal(0.2, 0.1, (300, N)), 0)
    return Background.of_spans(music, noise, golden=np.ones(N), about="made up")


def songs_of(direction: int, n: int, seed: int) -> list[np.ndarray]:
    """Spans of songs that have much of one feature."""
    rng = np.random.default_rng(seed)
    centre = np.where(np.arange(N) == direction, 3.0, 1.0)
    return [np.maximum(rng.normal(centre, 0.3, (8, N)), 0) for _ in range(n)]


def test_three_songs_are_enough_for_genres_that_differ(background: Background) -> None:
    head = fit_head([*songs_of(0, 3, 1), *songs_of(5, 3, 2)], [0, 0, 0, 1, 1, 1], 2, background)
    for label, direction in enumerate((0, 5)):
        heard = [head(song.mean(axis=0)).argmax() for song in songs_of(direction, 10, 3)]
        assert heard == [label] * 10


def test_what_was_never_taught_is_none_of_these(background: Background) -> None:
    head = fit_head([*songs_of(0, 3, 1), *songs_of(5, 3, 2)], [0, 0, 0, 1, 1, 1], 2, background)
    for music, share in ((True, NAMED_MUSIC), (False, NAMED_NON_MUSIC)):
        named = head(background.draw(2000, music=music, seed=77)).argmax(axis=1) != 2
        assert named.mean() <= share + 0.03


def test_known_genres_keep_what_is_theirs(background: Background) -> None:
    kernel = np.zeros((N, 2))
    kernel[8, 0] = kernel[9, 1] = 6.0
    old = Head(kernel, np.zeros(2))
    head = fit_head(songs_of(0, 5, 1), [0] * 5, 1, background, old=old, old_limit=8.0)

    def named(song: np.ndarray) -> int:
        mean = song.mean(axis=0)
        return int(np.concatenate([bent(old(mean), 8.0), head(mean)]).argmax())

    assert [named(song) for song in songs_of(8, 6, 4)] == [0] * 6
    assert [named(song) for song in songs_of(9, 6, 5)] == [1] * 6
    assert [named(song) for song in songs_of(0, 6, 6)] == [2] * 6
    noise = background.draw(300, music=False, seed=8)
    assert np.mean([named(span[None]) == 3 for span in noise]) > 0.9


def test_a_background_is_small_and_survives_its_file(background: Background) -> None:
    again = Background.from_json(background.to_json())
    np.testing.assert_allclose(again.centres, background.centres, atol=background.centres.max() / 255)
    np.testing.assert_allclose(again.within, background.within, atol=1e-3)
    assert again.shares[again.music].sum() == pytest.approx(1, abs=1e-5)
    with pytest.raises(BundleError, match="genre model background"):
        Background.from_json(background.to_json()[:-200])


def test_known_genres_survive_the_file_and_an_older_file_tells_none(background: Background) -> None:
    rng = np.random.default_rng(4)
    music, noise = np.abs(rng.normal(1.0, 0.4, (400, N))), np.abs(rng.normal(0.2, 0.1, (90, N)))
    known = {"low": np.abs(rng.normal(0.6, 0.1, (90, N))), "high": np.abs(rng.normal(1.6, 0.1, (90, N)))}
    told = Background.of_spans(music, noise, golden=np.ones(N), about="made up", known=known)
    again = Background.from_json(told.to_json())
    assert list(again.known) == ["low", "high"]
    low, high = again.draw_known(50, seed=1).reshape(2, 50, N).mean(axis=(1, 2))
    assert low < 1 < high
    assert background.draw_known(50).shape == (0, N)
    stored = json.loads(told.to_json())
    del stored["version"], stored["known"]
    assert Background.from_json(json.dumps(stored)).known == {}
    with pytest.raises(BundleError, match="newer genre-lib"):
        Background.from_json(json.dumps(stored | {"version": 3}))


def test_what_is_recorded_like_the_known_genres_stays_with_them() -> None:
    rng = np.random.default_rng(6)
    # All that was taught and all that is known was recorded alike: feature 0 is high. Feature 1 tells the new genre.
    recorded = np.where(np.arange(N) == 0, 3.0, 1.0)
    music, noise = np.abs(rng.normal(1.0, 0.4, (1500, N))), np.abs(rng.normal(0.2, 0.1, (300, N)))
    of_known = np.abs(rng.normal(recorded, 0.4, (600, N)))
    new = np.where(np.arange(N) == 1, 2.5, recorded)
    songs = [np.abs(rng.normal(new, 0.4, (8, N))) for _ in range(4)]
    old, asked = Head(np.zeros((N, 2)), np.zeros(2)), np.abs(rng.normal(recorded, 0.4, (300, N)))
    lost = {}
    for told in (False, True):
        known = {"a": of_known[:300], "b": of_known[300:]} if told else None
        background = Background.of_spans(music, noise, golden=np.ones(N), about="made up", known=known)
        beside = fit_head(songs, [0] * 4, 1, background, old=old)
        lost["beside", told] = float(np.mean(beside(asked)[:, 0] > np.maximum(beside(asked)[:, 1], 0)))
        instead = fit_head(songs, [0] * 4, 1, background)
        lost["instead", told] = float(np.mean(instead(asked).argmax(axis=1) == 0))
        for head in (beside, instead):
            assert np.mean(head(np.abs(rng.normal(new, 0.2, (60, N)))).argmax(axis=1) == 0) > 0.9
    assert lost["beside", True] <= 2 * NAMED_KNOWN < lost["beside", False] / 2
    # Where they do not stay they count little: what is taught may be near to one of them.
    assert lost["instead", True] < lost["instead", False] - 0.1


def test_the_pretrained_bundle_has_one_of_its_own_network() -> None:
    bundle = open_bundle()
    assert (bundle.folder / BACKGROUND).stat().st_size <= 100_000
    assert tuple(Background.of_bundle(bundle).known) == bundle.card.genres


def test_another_networks_background_is_refused(tmp_path) -> None:
    import shutil

    from genre_lib.bundle.files import seal

    shutil.copytree(open_bundle().folder, tmp_path / "bundle")
    path = tmp_path / "bundle" / BACKGROUND
    values = json.loads(path.read_text())
    values["golden"] = values["shares"] + values["golden"][len(values["shares"]) :]
    path.write_text(json.dumps(values))
    with pytest.raises(BundleError, match="another network"):
        Background.of_bundle(seal(tmp_path / "bundle", open_bundle().card))


def test_spans_come_from_all_of_a_long_song() -> None:
    steps = np.arange(4000.0)[:, None]
    spans = spans_of(steps, at_most=5)
    assert len(spans) == 5
    assert spans[0, 0] < 10
    assert spans[-1, 0] > 3980


def test_songs_that_are_all_right_do_not_make_it_certain() -> None:
    logits = np.tile([4.0, 0.0, 0.0], (6, 1))
    few, many = (fit_temperature(np.tile(logits, (n, 1)), np.zeros(6 * n, int)) for n in (1, 20))
    assert many.value < few.value < PRIOR_TEMPERATURE
    assert few.value > 0.3
    assert "guess" in few.sentence
    assert "120 songs" in many.sentence


def test_wrong_songs_make_it_doubtful() -> None:
    logits = np.tile([4.0, 0.0, 0.0], (8, 1))
    assert fit_temperature(logits, np.array([0, 0, 1, 2, 0, 1, 2, 1])).value > 1.5 * PRIOR_TEMPERATURE


def test_where_nothing_can_be_left_out_it_is_more_doubtful() -> None:
    nothing = fit_temperature(np.zeros((0, 3)), np.zeros(0, int))
    assert (nothing.value, nothing.n_songs) == (GUESSED_TEMPERATURE, 0)
    assert nothing.value > PRIOR_TEMPERATURE


def test_a_few_songs_teach_what_the_page_learns_too() -> None:
    fixture = json.loads(FIXTURE.read_text())
    now, then = answers(fixture["given"]), fixture["answers"]
    assert [now["none"], now["limits"]] == [then["none"], then["limits"]]
    for name in ("uniform", "normal", "drawn", "drawn_known"):
        np.testing.assert_allclose(now[name], then[name], atol=1e-9)
    for mode in ("few", "instead", "added", "beside"):
        for name in ("kernel", "bias", "temperature", "accuracy", "left_out_logits"):
            np.testing.assert_allclose(now[mode][name], then[mode][name], atol=1e-4)


def test_what_is_none_of_these_can_be_shown(background: Background) -> None:
    other = songs_of(7, 3, 6)
    songs = [*songs_of(0, 3, 1), *songs_of(7, 3, 2)]
    taught = fit_head(songs, [0, 0, 0, 0, 0, 0], 1, background)
    corrected = fit_head([*songs, *other], [0] * 6 + [1] * 3, 1, background)
    heard = songs_of(7, 10, 9)
    before, after = (np.mean([np.diff(head(song.mean(axis=0)))[0] for song in heard]) for head in (taught, corrected))
    assert after > before
