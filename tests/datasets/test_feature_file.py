import json
from pathlib import Path

import numpy as np
import pytest

from genre_lib.audio.front_end import FrontEnd
from genre_lib.datasets import load_features, load_tagged_features, open_data_set
from genre_lib.errors import DataSetError


@pytest.fixture
def arrays(rng: np.random.Generator) -> dict[str, np.ndarray]:
    return {
        "mel": rng.integers(0, 256, (4, 128, 20), np.uint8),
        "range_db": np.array([80, 80, 60, 80], np.float32),
        "name": np.array(["a", "b", "c", "d"]),
        "genre": np.array(["polka", "waltz", "polka", "waltz"]),
        "split": np.array(["train", "valid", "train", "excluded"]),
    }


def save(path: Path, arrays: dict[str, np.ndarray]) -> Path:
    np.savez(path, **arrays)
    return path


def test_spectrograms_are_decoded_to_db(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    data_set = open_data_set(save(tmp_path / "mel.npz", arrays), include_excluded=True)
    assert data_set.log_mels is not None
    for i in range(4):
        expected = (arrays["mel"][i].T.astype(float) / 255 - 1) * arrays["range_db"][i]
        np.testing.assert_allclose(data_set.log_mels[i], expected, atol=1e-4)
        assert data_set.log_mels[i].dtype == np.float32
    assert [(t.name, t.genre, t.split) for t in data_set.tracks][3] == ("d", "waltz", "excluded")


def test_excluded_tracks_are_left_out_by_default_and_the_folder_will_do(
    tmp_path: Path, arrays: dict[str, np.ndarray]
) -> None:
    save(tmp_path / "mel.npz", arrays)
    data_set = open_data_set(tmp_path)
    assert [track.name for track in data_set.tracks] == ["a", "b", "c"]
    assert any("left out" in note for note in data_set.notes)
    features = load_features(data_set)
    assert len(features) == 3
    assert features.skipped == ()


def test_another_front_end_is_refused(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    data_set = open_data_set(save(tmp_path / "mel.npz", arrays))
    with pytest.raises(DataSetError, match="use that one"):
        load_features(data_set, FrontEnd(n_mels=64))


@pytest.mark.parametrize("missing", ["mel", "range_db", "name"])
def test_a_missing_array_is_named(tmp_path: Path, arrays: dict[str, np.ndarray], missing: str) -> None:
    del arrays[missing]
    with pytest.raises(DataSetError, match=f"no array '{missing}'"):
        open_data_set(save(tmp_path / "mel.npz", arrays))


def test_arrays_of_different_lengths_are_refused(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    arrays["name"] = arrays["name"][:3]
    with pytest.raises(DataSetError, match="different lengths"):
        open_data_set(save(tmp_path / "mel.npz", arrays))


def test_nothing_is_unpickled(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    arrays["name"] = np.array([{"a": 1}, None, "c", "d"], dtype=object)
    with pytest.raises(DataSetError, match="plain arrays"):
        open_data_set(save(tmp_path / "mel.npz", arrays))


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04 broken"])
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mel.npz").write_bytes(content)
    with pytest.raises(DataSetError, match=r"cannot be read as an \.npz"):
        open_data_set(tmp_path / "mel.npz")


@pytest.fixture
def tagged(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {
        "mel": arrays["mel"],
        "source": np.array(["w", "x", "y", "z"]),
        "genre_tag": np.array(["jazz", "", "", "rock"]),
        "msd_tags": np.zeros((4, 2, 5), np.float16),
        "yamnet_log_scores": np.arange(4 * 2 * 3, dtype=np.uint8).reshape(4, 2, 3),
        "yamnet_scale": np.float32(0.5),
        "yamnet_offset": np.float32(-10),
    }


def test_outputs_of_taggers_keep_windows_names_and_values(tmp_path: Path, tagged: dict[str, np.ndarray]) -> None:
    (tmp_path / "tags.json").write_text(json.dumps({"msd": ["rock"] * 5}))
    (tmp_path / "classes.json").write_text(json.dumps({"yamnet": ["a", "b", "c"]}))
    music = load_tagged_features(save(tmp_path / "music.npz", tagged))
    assert len(music) == 4
    assert music.log_mels[0].shape == (20, 128)
    assert music.log_mels[0].max() <= 0
    assert set(music.outputs) == {"msd_tags", "yamnet_log_scores"}
    np.testing.assert_array_equal(music.outputs["yamnet_log_scores"][0], [[-10, -9.5, -9], [-8.5, -8, -7.5]])
    assert music.classes == {"msd": ("rock",) * 5, "yamnet": ("a", "b", "c")}
    assert (music.source[3], music.genre_tag[3], music.tag_basis[3]) == ("z", "rock", "")


def test_further_outputs_are_joined_and_copies_left_out(tmp_path: Path, tagged: dict[str, np.ndarray]) -> None:
    further = {"copy_of_earlier": np.array([False, True, False, False]), "mn04_logits": np.ones((4, 2, 6), np.float32)}
    more = save(tmp_path / "teachers.npz", further)
    music = load_tagged_features(save(tmp_path / "music.npz", tagged), more)
    assert music.source == ("w", "y", "z")
    assert music.outputs["mn04_logits"].shape == (3, 2, 6)
    np.testing.assert_array_equal(music.outputs["yamnet_log_scores"][1, 0], [-4, -3.5, -3])
    further["mn04_logits"] = further["mn04_logits"][:3]
    with pytest.raises(DataSetError, match="another number of pieces"):
        load_tagged_features(tmp_path / "music.npz", save(tmp_path / "few.npz", further))


def test_music_that_no_tagger_heard_is_refused(tmp_path: Path, tagged: dict[str, np.ndarray]) -> None:
    heard = {name: tagged[name] for name in ("mel", "source")}
    with pytest.raises(DataSetError, match="no output of a tagger"):
        load_tagged_features(save(tmp_path / "music.npz", heard))


def test_labelled_clips_may_say_artist_and_how_sure_their_label_is(
    tmp_path: Path, arrays: dict[str, np.ndarray]
) -> None:
    del arrays["split"]
    arrays |= {"artist": np.array(["a", "a", "", "b"]), "clear": np.array([True, False, True, True])}
    data_set = open_data_set(save(tmp_path / "world.npz", arrays))
    assert [track.group for track in data_set.tracks] == ["a", "a", None, "b"]
    assert [track.split for track in data_set.tracks] == ["clear", "disputed", "clear", "clear"]


def test_the_real_features(shared) -> None:
    data_set = open_data_set(shared / "data" / "gtzan-mel")
    assert len(data_set) == 639
    assert [len(data_set.subset(split)) for split in ("train", "valid")] == [442, 197]
    assert data_set.log_mels is not None
    assert data_set.log_mels[0].shape == (387, 128)
    assert data_set.log_mels[0].max() == pytest.approx(0, abs=1e-4)
    assert len(open_data_set(shared / "data" / "gtzan-mel" / "gtzan-mel-709.npz", include_excluded=True)) == 709


@pytest.mark.slow
def test_the_real_unlabelled_music(shared) -> None:
    features = load_tagged_features(shared / "data" / "unlabelled")
    assert len(features.log_mels) == len(features.source) == 1203
    assert features.outputs["msd_penultimate"].shape == (1203, 10, 200)
    assert len(features.classes["msd"]) == len(features.classes["mtt"]) == 50
