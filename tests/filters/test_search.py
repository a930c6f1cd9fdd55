"""From a network and a data set to excerpts, sounds, pictures and genres."""

import json
from collections import Counter

import numpy as np
import pytest
import soundfile

from genre_lib.datasets import load_features, open_data_set
from genre_lib.errors import ParameterError, RunError
from genre_lib.executors import ProcessExecutor
from genre_lib.filters import Filters, find_filters, intermediate_outputs, search, writing
from genre_lib.filters.excerpt_extraction import NO_SOUND
from genre_lib.filters.record import genre_statistics
from tests.filters.conftest import FRONT_END, GENRES, write_click


@pytest.fixture(scope="module")
def found(onset, clicks, tmp_path_factory):
    folder = tmp_path_factory.mktemp("found")
    return find_filters(onset, clicks[0], folder / "filters", count0=4), folder / "filters"


def test_the_excerpt_surrounds_the_event_to_the_sample(found, clicks):
    """The neuron answers to the middle of three frames: the one whose window is highest at the click."""
    filters, _ = found
    neuron = filters.neuron("onset", 0)
    assert len(neuron.excerpts) == 4
    hop, n_fft = FRONT_END.hop_length, FRONT_END.n_fft
    for excerpt in neuron.excerpts:
        event = clicks[1][excerpt.track]
        middle = round((event - n_fft / 2) / hop)
        assert excerpt.start == (middle - 1) * hop
        assert excerpt.stop == (middle + 1) * hop + n_fft
        assert excerpt.start_s == pytest.approx(excerpt.start / 22050, abs=1e-6)


def test_the_sound_is_the_excerpts_of_the_recordings(found, clicks):
    filters, folder = found
    features, _ = clicks
    neuron = filters.neuron("onset", 0)
    sound, rate = soundfile.read(folder / neuron.sound)
    paths = {track.name: track.path for track in features.tracks}
    for excerpt in neuron.excerpts:
        at = round(excerpt.at_s * rate)
        heard = sound[at : at + excerpt.stop - excerpt.start]
        original = soundfile.read(paths[excerpt.track])[0][excerpt.start : excerpt.stop]
        inside = slice(300, -300)
        assert np.abs(heard).argmax() == np.abs(original).argmax()
        assert np.corrcoef(heard[inside], original[inside])[0, 1] > 0.9999


def test_a_track_gives_a_neuron_one_excerpt_at_most(found):
    filters, _ = found
    for neuron in filters.neurons:
        names = [excerpt.track for excerpt in neuron.excerpts]
        assert len(set(names)) == len(names)
        values = [excerpt.activation for excerpt in neuron.excerpts]
        assert values == sorted(values, reverse=True)


def test_deeper_layers_get_half_the_excerpts(found):
    filters, _ = found
    assert [len(filters.neuron(layer, 0).excerpts) for layer in ("onset", "pair")] == [4, 2]


def test_a_dead_neuron_is_told_as_such(found):
    filters, folder = found
    dead = filters.neuron("onset", 2)
    assert [(n.layer, n.neuron) for n in filters.dead] == [("onset", 2)]
    assert (dead.sound, dead.picture, dead.activation, dead.specialisation) == (None, None, None, None)
    assert not (folder / "onset" / "0002.wav").exists()


def test_every_file_is_there_and_the_record_reads_back(found):
    filters, folder = found
    for neuron in filters.neurons:
        if neuron.excerpts:
            assert (folder / neuron.sound).stat().st_size > 0
            assert (folder / neuron.picture).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert Filters.load(folder) == filters
    assert not (folder / "ranking.npz").exists()


def test_neurons_of_the_same_excerpts_share_one_sound_under_their_own_names(found):
    filters, folder = found
    one, other = (filters.neuron("pair", number) for number in (0, 1))
    assert [e.start for e in one.excerpts] == [e.start for e in other.excerpts]
    assert (
        [e.at_s for e in one.excerpts] == [e.at_s for e in other.excerpts] == [0, pytest.approx(other.excerpts[1].at_s)]
    )
    for kind in ("sound", "picture"):
        names = [getattr(neuron, kind) for neuron in (one, other)]
        assert len(set(names)) == 2
        assert (folder / names[0]).read_bytes() == (folder / names[1]).read_bytes()
    assert not list(folder.glob("*/.*"))


def test_the_histogram_counts_the_tracks_that_excite_most(found):
    filters, _ = found
    assert filters.tracks_by_genre == dict.fromkeys(GENRES, 2)
    neuron = filters.neuron("onset", 0)
    assert sum(neuron.genres.values()) == filters.n_ranked == 4
    assert Counter(excerpt.genre for excerpt in neuron.excerpts) == neuron.genres


def test_specialists_and_generalists_differ_also_where_genres_have_different_sizes():
    sizes = {"a": 10, "b": 10, "c": 40}
    assert genre_statistics({"a": 8}, sizes) == (0, 1)
    assert genre_statistics({"a": 2, "b": 2, "c": 8}, sizes) == pytest.approx((np.log2(3), 0), abs=1e-4)
    assert genre_statistics({}, sizes) == (None, None)
    assert genre_statistics({"a": 2}, {"a": 3}) == (None, None)


def test_asking_again_reads_what_is_there(found, onset, clicks, monkeypatch):
    filters, folder = found
    monkeypatch.setattr(intermediate_outputs, "converted", lambda *_: pytest.fail("it began again"))
    assert find_filters(onset, clicks[0], folder, count0=4) == filters


class Killed(BaseException):
    pass


@pytest.mark.parametrize("stage", ["tracks heard", "tracks cut"])
def test_a_killed_run_goes_on_and_ends_the_same(stage, found, onset, clicks, tmp_path, monkeypatch):
    monkeypatch.setattr(search, "_SAVE_EVERY_S", 0)
    counted = []

    def progress(what):
        def show(done, total):
            counted.append((what, done, total))
            if what == stage and done == 3:
                raise Killed

        return show

    with pytest.raises(Killed):
        find_filters(onset, clicks[0], tmp_path / "x", count0=4, progress=progress)
    assert not (tmp_path / "x" / "filters.json").exists()
    monkeypatch.setattr(intermediate_outputs, "converted", lambda *_: pytest.fail("the extractor was made already"))
    counted.clear()
    again = find_filters(
        onset, clicks[0], tmp_path / "x", count0=4, progress=lambda what: lambda *n: counted.append((what, *n))
    )
    first = next((entry for entry in counted if entry[0] == "tracks heard"), None)
    assert first == (("tracks heard", 4, 6) if stage == "tracks heard" else None)
    assert again == found[0]


def test_a_sound_that_was_left_short_is_cut_again(found, onset, clicks, tmp_path):
    def killed(what):
        def show(done, total):
            if what == "tracks cut" and done == total:
                raise Killed

        return show

    with pytest.raises(Killed):
        find_filters(onset, clicks[0], tmp_path / "x", count0=4, progress=killed)
    name = found[0].neuron("onset", 0).sound
    whole = (tmp_path / "x" / name).read_bytes()
    (tmp_path / "x" / name).write_bytes(whole[: len(whole) // 2])
    assert find_filters(onset, clicks[0], tmp_path / "x", count0=4) == found[0]
    assert (tmp_path / "x" / name).read_bytes() == whole


def test_a_full_disk_is_told(onset, clicks, tmp_path, monkeypatch):
    def full(path, mode):
        raise OSError(28, "No space left on device", path)

    monkeypatch.setattr(writing, "open", full, raising=False)
    with pytest.raises(RunError, match=r"No space left on device.*run again"):
        find_filters(onset, clicks[0], tmp_path / "x", count0=4)
    assert not (tmp_path / "x" / "filters.json").exists()


def test_what_shares_a_file_with_another_is_written_without_changing_that_one(tmp_path):
    first, second = tmp_path / "first.wav", tmp_path / "second.wav"
    writing.write_file(str(first), b"of an earlier run")
    second.hardlink_to(first)
    writing.write_file(str(second), b"new")
    assert (first.read_bytes(), second.read_bytes()) == (b"of an earlier run", b"new")


@pytest.mark.slow
def test_worker_processes_find_the_same(found, onset, clicks, tmp_path):
    with ProcessExecutor(2) as executor:
        assert find_filters(onset, clicks[0], tmp_path / "x", count0=4, executor=executor) == found[0]


def test_some_neurons_of_some_layers(onset, clicks, found, tmp_path):
    some = find_filters(onset, clicks[0], tmp_path / "x", count0=4, layers=["pair"], neurons=[1])
    assert [(neuron.layer, neuron.neuron) for neuron in some.neurons] == [("pair", 1)]
    assert some.neurons[0] == found[0].neuron("pair", 1)


def test_more_excerpts_than_tracks_gives_all_there_are(onset, clicks, tmp_path):
    filters = find_filters(onset, clicks[0], tmp_path / "x", count0=50, layers=["onset"], sound=False)
    assert len(filters.neuron("onset", 0).excerpts) == 6


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        ({"layers": ["onsett"]}, "did you mean 'onset'"),
        ({"neurons": [1, 3]}, "no neuron 3"),
        ({"neurons": [-1]}, "no neuron -1"),
        ({"count0": 0}, "at least one excerpt"),
    ],
)
def test_impossible_choices_are_refused_before_anything_is_written(choice, sentence, onset, clicks, tmp_path):
    with pytest.raises(ParameterError, match=sentence):
        find_filters(onset, clicks[0], tmp_path / "x", **choice)
    assert not (tmp_path / "x").exists()


def test_a_folder_with_other_files_is_left_alone(onset, clicks, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ParameterError, match="holds other files"):
        find_filters(onset, clicks[0], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_other_filters_in_the_folder_are_replaced(onset, clicks, tmp_path):
    find_filters(onset, clicks[0], tmp_path / "x", layers=["pair"], sound=False)
    filters = find_filters(onset, clicks[0], tmp_path / "x", layers=["onset"], sound=False)
    assert not (tmp_path / "x" / "pair").exists()
    assert Filters.load(tmp_path / "x") == filters


def test_unreadable_recordings_are_named_and_left_out(onset, tmp_path):
    for i in range(3):
        write_click(tmp_path / "data" / GENRES[i] / f"{i}.wav", 20_000, seed=i)
    (tmp_path / "data" / "calm" / "broken.mp3").write_bytes(b"not sound at all")
    features = load_features(open_data_set(tmp_path / "data"), FRONT_END, cache_folder=tmp_path / "cache")
    # One more goes away between the listening and the cutting.
    (tmp_path / "data" / "odd" / "2.wav").unlink()
    filters = find_filters(onset, features, tmp_path / "x", layers=["onset"])
    assert set(filters.skipped) == {"calm/broken.mp3", "odd/2.wav"}
    neuron = filters.neuron("onset", 0)
    assert [excerpt.at_s is None for excerpt in neuron.excerpts] == [e.track == "odd/2.wav" for e in neuron.excerpts]
    assert (tmp_path / "x" / neuron.sound).exists()


def test_spectrograms_alone_give_pictures_and_genres_and_say_what_sound_needs(onset, tmp_path, rng):
    names = [f"{GENRES[i % 3]}.{i}" for i in range(9)]
    np.savez(
        tmp_path / "mel.npz",
        mel=rng.integers(0, 255, (9, 48, 60), np.uint8),
        range_db=np.full(9, 80, np.float32),
        name=names,
        genre=[name.split(".")[0] for name in names],
    )
    filters = find_filters(onset, load_features(open_data_set(tmp_path / "mel.npz")), tmp_path / "x")
    neuron = filters.neuron("onset", 0)
    assert neuron.sound is None
    assert (tmp_path / "x" / neuron.picture).exists()
    assert sum(neuron.genres.values()) == filters.n_ranked
    assert NO_SOUND in filters.notes
    assert "no sound" in (tmp_path / "x" / "index.html").read_text()


def test_a_damaged_record_is_refused_with_a_sentence(tmp_path):
    (tmp_path / "filters.json").write_text(json.dumps({"layers": []}))
    with pytest.raises(RunError, match="is not a list of filters"):
        Filters.load(tmp_path)
