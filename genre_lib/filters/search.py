"""Find what excites each neuron: one pass over the data set, then only the excerpts are read."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from genre_lib.audio.front_end import FrontEnd
from genre_lib.datasets import Features
from genre_lib.errors import ParameterError, RunError
from genre_lib.executors import Executor, Progress, ThreadExecutor, usable_cores
from genre_lib.filters.activation_extractor import ActivationExtractor
from genre_lib.filters.excerpt_extraction import extract_excerpts
from genre_lib.filters.gallery import write_gallery
from genre_lib.filters.intermediate_outputs import IntermediateOutputs
from genre_lib.filters.layers import NeuronLayer, chosen_layers
from genre_lib.filters.ranking import Ranking
from genre_lib.filters.record import EXTRACTOR, GALLERY, RECORD, Excerpt, Filters, Neuron, genre_statistics
from genre_lib.filters.sounds import SUFFIX
from genre_lib.utils.atomic import write_text
from genre_lib.utils.json_files import read_json
from genre_lib.utils.serialization import plain

if TYPE_CHECKING:
    import keras

ProgressOf = Callable[[str], Progress | None]
"""Called with what is counted; gives a progress callback, or None to say nothing."""

_REQUEST = "request.json"
_RANKING = "ranking.npz"
_SAVE_EVERY_S = 5.0
# More tracks would make the ranking large and the histogram no clearer.
_RANKED_AT_MOST = 100


def find_filters(
    network: keras.Model | IntermediateOutputs,
    features: Features,
    out: str | Path,
    *,
    count0: int = 4,
    layers: Iterable[str] | None = None,
    neurons: Iterable[int] | None = None,
    sound: bool = True,
    name: str | None = None,
    executor: Executor | None = None,
    progress: ProgressOf | None = None,
) -> Filters:
    """For every neuron of every convolutional layer: the excerpts that excite it most, as sound, picture and gallery.

    A track gives at most one excerpt to a neuron. A run that is killed goes on where it stopped; a finished one is read
    back; filters of another network, data set or choice in the same folder are replaced.

    Parameters
    ----------
    network : keras.Model or IntermediateOutputs
        Functional, as the networks of this project; or such a network cut open, see `IntermediateOutputs.of_bundle`.
    features : Features
        Spectrograms of the network's front end. Tracks without a file give pictures and genres, no sound.
    out : path
        Gets filters.json, index.html, activations.tflite and a folder of sounds and pictures for each layer.
    count0 : int > 0
        Excerpts for each neuron of the first layer; halved at each depth, at least one.
    layers : iterable of str, optional
        Names of convolutions; by default all.
    neurons : iterable of int, optional
        Numbers, in every layer that has them; by default all.
    sound : bool
        Whether to write sounds, where there are recordings.
    name : str, optional
        What to call the network.
    executor : Executor, optional
        Who listens and cuts; by default threads of this process, one a core.
    progress : callable, optional
        See `ProgressOf`.

    Returns
    -------
    Filters

    Raises
    ------
    ParameterError
        An unknown layer or neuron, an impossible count, or `out` holds something else.
    RunError
        `out` cannot be written.
    """
    if count0 < 1:
        raise ParameterError(f"count0 is {count0}: ask for at least one excerpt.")
    opened = network if isinstance(network, IntermediateOutputs) else IntermediateOutputs.of_keras(network)
    chosen = chosen_layers(opened.layers, layers)
    numbers = _chosen_neurons(chosen, neurons)
    search = _Search(
        Path(out).absolute(), features, tuple(chosen), numbers, count0, sound, name or opened.name, opened.digest
    )
    request = _request_of(search)
    if (search.folder / RECORD).exists() and _same_request(search.folder, request):
        return Filters.load(search.folder)
    _begin(search, request, partial(opened.extractor_of, chosen))
    with ThreadExecutor(usable_cores()) if executor is None else nullcontext(executor) as workers:
        ranking = _rank(search, request, workers, progress)
        found = extract_excerpts(
            _filters(search, ranking),
            search.folder,
            features,
            sound=sound,
            executor=workers,
            progress=progress or _silent,
        )
    write_gallery(found, search.folder / GALLERY)
    # Last: its presence says that everything else is there.
    found.save(search.folder)
    (search.folder / _RANKING).unlink(missing_ok=True)
    return found


@dataclass(frozen=True, eq=False)
class _Search:
    """What was asked for."""

    folder: Path
    features: Features
    layers: tuple[NeuronLayer, ...]
    numbers: tuple[tuple[int, ...], ...]
    count0: int
    sound: bool
    name: str
    digest: str

    @property
    def front_end(self) -> FrontEnd:
        front_end = self.features.data_set.front_end
        assert front_end is not None
        return front_end

    @property
    def n_ranked(self) -> int:
        """As many tracks as a genre has: a perfect specialist's are all of one genre."""
        n_genres = max(1, len(self.features.data_set.genres))
        return max(self.count0, min(_RANKED_AT_MOST, len(self.features) // n_genres))

    @property
    def rows(self) -> NDArray[np.int64]:
        """Places of the chosen neurons among those of all layers, one after the other."""
        starts = np.cumsum([0, *(layer.n_neurons for layer in self.layers)])
        return np.concatenate(
            [np.asarray(ns, np.int64) + start for ns, start in zip(self.numbers, starts, strict=False)]
        )


def _chosen_neurons(layers: Sequence[NeuronLayer], neurons: Iterable[int] | None) -> tuple[tuple[int, ...], ...]:
    if neurons is None:
        return tuple(tuple(range(layer.n_neurons)) for layer in layers)
    wanted = sorted(set(neurons))
    largest = max(layer.n_neurons for layer in layers)
    for number in wanted:
        if not 0 <= number < largest:
            raise ParameterError(
                f"There is no neuron {number}: the layers asked for have neurons 0 to {largest - 1} at most."
            )
    return tuple(tuple(number for number in wanted if number < layer.n_neurons) for layer in layers)


def _request_of(search: _Search) -> dict[str, Any]:
    data_set = search.features.data_set
    values = {
        "network": search.digest,
        "layers": [plain(layer) for layer in search.layers],
        "neurons": search.numbers,
        "data_set": data_set.digest(),
        "recordings": [track.path is not None for track in data_set.tracks],
        "front_end": search.front_end.to_dict(),
        "count0": search.count0,
        "sound": SUFFIX if search.sound else None,
    }
    digest = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
    return {"digest": digest, "folders": [layer.folder for layer in search.layers]}


def _same_request(folder: Path, request: dict[str, Any]) -> bool:
    return bool(read_json(folder / _REQUEST, missing={}).get("digest") == request["digest"])


def _begin(search: _Search, request: dict[str, Any], make: Callable[[], bytes]) -> None:
    folder = search.folder
    try:
        if folder.exists() and not _same_request(folder, request):
            _clear(folder)
        for layer in search.layers:
            (folder / layer.folder).mkdir(parents=True, exist_ok=True)
        write_text(folder / _REQUEST, json.dumps(request) + "\n")
        if not (folder / EXTRACTOR).exists():
            draft = folder / f".{EXTRACTOR}"
            draft.write_bytes(make())
            draft.replace(folder / EXTRACTOR)
    except OSError as error:
        raise RunError(f"{folder} cannot be written ({error.strerror}): choose another folder.") from error


def _clear(folder: Path) -> None:
    """Remove earlier filters, and nothing that is not ours."""
    if not (folder / _REQUEST).exists():
        if any(folder.iterdir()):
            raise ParameterError(f"{folder} holds other files: name a new or empty folder for the filters.")
        return
    before = read_json(folder / _REQUEST, missing={})
    for name in (RECORD, GALLERY, EXTRACTOR, _RANKING):
        (folder / name).unlink(missing_ok=True)
    for name in before.get("folders", []):
        shutil.rmtree(folder / Path(name).name, ignore_errors=True)


def _rank(search: _Search, request: dict[str, Any], executor: Executor, progress: ProgressOf | None) -> Ranking:
    n_tracks = len(search.features)
    ranking = Ranking(len(search.rows), search.n_ranked, n_tracks)
    ranking.load(search.folder / _RANKING)
    missing = [int(i) for i in np.flatnonzero(~ranking.done)]
    show = (progress or _silent)("tracks heard")
    listen = partial(_listen, str(search.folder / EXTRACTOR), request["digest"], search.layers)
    rectified = np.repeat([layer.rectified for layer in search.layers], [layer.n_neurons for layer in search.layers])
    saved_at = time.monotonic()
    for n_done, outcome in enumerate(executor.map(listen, _log_mels(search.features, missing)), start=1):
        if outcome.failure is not None:
            track = search.features.tracks[missing[outcome.index]]
            raise RunError(f"{track.name} could not be heard ({outcome.failure.message}): run again, it goes on.")
        assert outcome.value is not None
        peak, first_frame = outcome.value
        # A rectified neuron at 0 is not excited at all.
        peak = np.where(rectified & (peak <= 0), -np.inf, peak).astype(np.float32)
        ranking.add(missing[outcome.index], peak[search.rows], first_frame[search.rows])
        if time.monotonic() - saved_at > _SAVE_EVERY_S:
            ranking.save(search.folder / _RANKING)
            saved_at = time.monotonic()
        if show is not None:
            show(n_tracks - len(missing) + n_done, n_tracks)
    ranking.save(search.folder / _RANKING)
    return ranking


def _log_mels(features: Features, indices: Sequence[int]) -> Iterator[NDArray[np.float32]]:
    for index in indices:
        yield np.asarray(features.log_mels[index], np.float32)


def _listen(
    path: str, key: str, layers: tuple[NeuronLayer, ...], log_mel: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    return _extractor_of_thread(path, key, layers).peaks(log_mel)


_KEPT = threading.local()


def _extractor_of_thread(path: str, key: str, layers: tuple[NeuronLayer, ...]) -> ActivationExtractor:
    # A worker hears many tracks. The key tells networks apart that were written to the same path.
    if getattr(_KEPT, "key", None) != (path, key):
        _KEPT.extractor, _KEPT.key = ActivationExtractor(path, layers), (path, key)
    return cast(ActivationExtractor, _KEPT.extractor)


def _filters(search: _Search, ranking: Ranking) -> Filters:
    data_set = search.features.data_set
    by_genre = {genre: sum(track.genre == genre for track in data_set.tracks) for genre in data_set.genres}
    found: list[Neuron] = []
    for layer, numbers in zip(search.layers, search.numbers, strict=True):
        found += [
            _neuron(search, layer, number, ranking, row, by_genre) for row, number in enumerate(numbers, len(found))
        ]
    return Filters(
        model=search.name,
        data_set=data_set.name,
        genres=data_set.genres,
        tracks_by_genre=by_genre,
        front_end=search.front_end,
        count0=search.count0,
        n_ranked=search.n_ranked,
        layers=search.layers,
        neurons=tuple(found),
        skipped={track.name: reason for track, reason in search.features.skipped},
        notes=data_set.notes,
        network=search.digest,
    )


def _neuron(
    search: _Search, layer: NeuronLayer, number: int, ranking: Ranking, row: int, by_genre: dict[str, int]
) -> Neuron:
    activation = ranking.activation[row]
    n_excited = int(np.isfinite(activation).sum())
    # A constant says nothing, whatever its value.
    constant = ranking.done.sum() > 1 and ranking.lowest[row] == activation[0]
    if n_excited == 0 or constant:
        return Neuron(layer.name, number)
    tracks = [search.features.tracks[i] for i in ranking.track[row, :n_excited]]
    excerpts = []
    for place, track in enumerate(tracks[: layer.count(search.count0)]):
        first = int(ranking.first_frame[row, place])
        start = first * search.front_end.hop_length
        stop = start + search.front_end.n_samples(layer.timing.receptive_field_frames)
        start_s, stop_s = (round(sample / search.front_end.sample_rate, 6) for sample in (start, stop))
        strength = round(float(activation[place]), 6)
        excerpts.append(Excerpt(track.name, track.genre, start, stop, start_s, stop_s, strength))
    genres = [track.genre for track in tracks]
    counts = {genre: genres.count(genre) for genre in by_genre if genre in genres}
    entropy, specialisation = genre_statistics(counts, by_genre)
    return Neuron(
        layer.name, number, excerpts[0].activation, tuple(excerpts), counts, entropy, specialisation
    )  # fmt: skip


def _silent(_: str) -> None:
    return None
