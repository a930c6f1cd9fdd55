"""Sounds and pictures of the neurons, gathered track by track: each recording is opened once.

Many neurons are excited most by the same moment. It is read and prepared once, and neurons whose excerpts are all the
same share one picture and one sound: hard links where the disk has them, else copies.
"""

from __future__ import annotations

import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genre_lib.audio.front_end import FrontEnd
from genre_lib.datasets import Features
from genre_lib.executors import Executor, Progress
from genre_lib.filters.excerpts import ExcerptRequest, Span, read_excerpts
from genre_lib.filters.loudness import loudness, weighted_power
from genre_lib.filters.pictures import picture_png, relative_db
from genre_lib.filters.record import Excerpt, Filters, Neuron
from genre_lib.filters.sounds import SUFFIX, SoundWriter
from genre_lib.filters.writing import write_file

_PICTURE = ".png"
NO_SOUND = (
    "There is no sound: this data set holds spectrograms alone. To hear the excerpts, give the recordings themselves."
)


def extract_excerpts(
    filters: Filters,
    folder: Path,
    features: Features,
    *,
    sound: bool,
    executor: Executor,
    progress: Callable[[str], Progress | None],
) -> Filters:
    """Write every neuron's picture and, where there are recordings, its sound.

    Memory holds the excerpts of unfinished neurons at most, which the number of neurons bounds, not the data set.

    Returns
    -------
    Filters
        With the files' names and what could not be read.
    """
    folders = {layer.name: layer.folder for layer in filters.layers}
    stems = [f"{folders[neuron.layer]}/{neuron.neuron:04d}" for neuron in filters.neurons]
    twin_of = _twins(filters.neurons)
    paths = {track.name: track.path for track in features.tracks if track.path is not None and sound}
    pictures = _PictureWriter(folder, stems, filters.neurons)
    sounds = SoundWriter(folder, stems, filters.neurons, filters.front_end.sample_rate)
    gathering = _Extraction(
        by_track=_moments_by_track(filters.neurons, twin_of),
        log_mels=_by_name(features),
        paths=paths,
        front_end=filters.front_end,
        pictures=pictures,
        sounds=sounds,
    )
    lost = gathering.run(executor, progress("tracks cut"))
    neurons = []
    for i, (stem, neuron) in enumerate(zip(stems, filters.neurons, strict=True)):
        first = twin_of.get(i, i)
        begins = sounds.begins.get(first)
        names = {_PICTURE: first in pictures.drawn, SUFFIX: begins is not None}
        if first != i:
            for suffix in (suffix for suffix, there in names.items() if there):
                _link(folder / (stems[first] + suffix), folder / (stem + suffix))
        picture, sound_name = (stem + suffix if there else None for suffix, there in names.items())
        neurons.append(_with_files(neuron, picture, sound_name, begins or {}))
    notes = [*filters.notes, NO_SOUND] if sound and not paths else filters.notes
    return replace(filters, neurons=tuple(neurons), notes=tuple(notes), skipped=filters.skipped | lost)


def _with_files(neuron: Neuron, picture: str | None, sound: str | None, begins: dict[int, float]) -> Neuron:
    excerpts = neuron.excerpts
    if begins:
        excerpts = tuple(replace(excerpt, at_s=begins.get(place)) for place, excerpt in enumerate(excerpts))
    return replace(neuron, excerpts=excerpts, picture=picture, sound=sound)


@dataclass(frozen=True)
class _Moment:
    """An excerpt's place: which neuron (by its place in the list), and which of its excerpts."""

    neuron: int
    place: int
    excerpt: Excerpt

    @property
    def span(self) -> Span:
        return self.excerpt.start, self.excerpt.stop


@dataclass
class _Extraction:
    """One walk over the tracks: the next one's pictures are drawn while others are cut."""

    by_track: dict[str, list[_Moment]]
    log_mels: Callable[[str], NDArray[np.float32]]
    paths: dict[str, Path]
    front_end: FrontEnd
    pictures: _PictureWriter
    sounds: SoundWriter

    def run(self, executor: Executor, progress: Progress | None) -> dict[str, str]:
        """Returns the recordings that could not be read, each with one sentence why."""
        missing = self._missing()
        cuts: list[tuple[str, ExcerptRequest]] = []
        lost = {}
        for n_done, outcome in enumerate(executor.map(read_excerpts, self._cuts(missing, cuts)), start=1):
            name, cut = cuts[outcome.index]
            if outcome.failure is not None:
                lost[name] = outcome.failure.message
            excerpts = dict(zip(cut.spans, outcome.value or (), strict=False))
            for moment in missing[name]:
                self.sounds.take(moment.neuron, moment.place, excerpts.get(moment.span))
            if progress is not None:
                progress(n_done, len(missing))
        return lost

    def _missing(self) -> dict[str, list[_Moment]]:
        """What an earlier run has not cut yet."""
        missing = {}
        for name in self.paths:
            needed = [m for m in self.by_track.get(name, ()) if not self.sounds.is_done(m.neuron)]
            for moment in needed:
                self.sounds.expect(moment.neuron)
            if needed:
                missing[name] = needed
        return missing

    def _cuts(
        self, missing: dict[str, list[_Moment]], cuts: list[tuple[str, ExcerptRequest]]
    ) -> Iterator[ExcerptRequest]:
        """Draw each track's share of the pictures; say what to cut of it."""
        for name, moments in self.by_track.items():
            log_mel = self.log_mels(name)
            self.pictures.add(moments, {moment.span: log_mel[self._frames(moment.span)] for moment in moments})
            if name in missing:
                spans = tuple(sorted({moment.span for moment in missing[name]}))
                power = weighted_power(log_mel, self.front_end)
                levels = tuple(loudness(power[self._frames(span)]) for span in spans)
                cuts.append((name, ExcerptRequest(self.paths[name], self.front_end.sample_rate, spans, levels)))
                yield cuts[-1][1]

    def _frames(self, span: Span) -> slice:
        first = span[0] // self.front_end.hop_length
        return slice(first, first + self.front_end.n_frames(span[1] - span[0]))


@dataclass
class _PictureWriter:
    """Averages what the excerpts of a neuron look like, and writes it as soon as the last has come.

    Attributes
    ----------
    folder, stems, neurons
        As those of `SoundWriter`.
    drawn : set of int
        Neurons whose picture is written.
    """

    folder: Path
    stems: Sequence[str]
    neurons: Sequence[Neuron]
    drawn: set[int] = field(default_factory=set)
    _sums: dict[int, NDArray[np.float32]] = field(default_factory=dict)
    _seen: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, moments: Sequence[_Moment], seen: dict[Span, NDArray[np.float32]]) -> None:
        relative = {span: relative_db(log_mel) for span, log_mel in seen.items()}
        for moment in moments:
            i, picture = moment.neuron, relative[moment.span]
            self._sums[i] = self._sums[i] + picture if i in self._sums else picture
            self._seen[i] += 1
            if self._seen[i] == len(self.neurons[i].excerpts):
                write_file(f"{self.folder}/{self.stems[i]}{_PICTURE}", picture_png(self._sums.pop(i) / self._seen[i]))
                self.drawn.add(i)


def _by_name(features: Features) -> Callable[[str], NDArray[np.float32]]:
    index = {track.name: i for i, track in enumerate(features.tracks)}
    return lambda name: np.asarray(features.log_mels[index[name]], np.float32)


def _moments_by_track(neurons: Sequence[Neuron], left_out: Collection[int]) -> dict[str, list[_Moment]]:
    by_track: dict[str, list[_Moment]] = defaultdict(list)
    for i, neuron in enumerate(neurons):
        if i in left_out:
            continue
        for place, excerpt in enumerate(neuron.excerpts):
            by_track[excerpt.track].append(_Moment(i, place, excerpt))
    return dict(by_track)


def _twins(neurons: Sequence[Neuron]) -> dict[int, int]:
    """Neurons whose excerpts are those of one before them, with that one."""
    first_with: dict[tuple[tuple[str, int, int], ...], int] = {}
    twins = {}
    for i, neuron in enumerate(neurons):
        key = tuple((excerpt.track, excerpt.start, excerpt.stop) for excerpt in neuron.excerpts)
        if key and (first := first_with.setdefault(key, i)) != i:
            twins[i] = first
    return twins


def _link(source: Path, path: Path) -> None:
    path.unlink(missing_ok=True)
    try:
        os.link(source, path)
    except OSError:
        shutil.copyfile(source, path)
