"""Sounds and pictures of the neurons, gathered track by track: each recording is opened once.

Many neurons are excited most by the same moment. It is read and prepared once, and neurons whose excerpts are all the
same share one picture and one sound: hard links where the disk has them, else copies.
"""

from __future__ import annotations

import io
import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from genre_lib.datasets import Features
from genre_lib.executors import Executor, Progress
from genre_lib.filters.excerpts import GAP_S, Cut, Span, joined, read_cut
from genre_lib.filters.pictures import relative_db, write_picture
from genre_lib.filters.record import Excerpt, Filters, Neuron

NO_SOUND = (
    "There is no sound: this data set holds spectrograms alone. To hear the excerpts, give the recordings themselves."
)

# Halfway between the fastest and the smallest: smaller ones take twice the time for a twentieth of the size.
_FLAC_LEVEL = 0.3


def gather(
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
    by_track = _moments_by_track(filters.neurons, twin_of)
    index = {track.name: i for i, track in enumerate(features.tracks)}
    neurons = _with_pictures(filters, folder, stems, features, by_track, index, progress("pictures"))
    paths = {track.name: track.path for track in features.tracks if track.path is not None}
    notes = list(filters.notes)
    if sound and not paths:
        notes.append(NO_SOUND)
    if sound and paths:
        writer = _SoundWriter(folder, stems, list(neurons), filters.front_end.sample_rate)
        wanted = {name: moments for name, moments in by_track.items() if name in paths}
        lost = _cut(writer, wanted, paths, executor, progress("recordings cut"))
        neurons = writer.neurons
        filters = replace(filters, skipped=filters.skipped | lost)
    for i, first in twin_of.items():
        neurons[i] = _as_its_twin(neurons[i], stems[i], neurons[first], folder)
    return replace(filters, neurons=tuple(neurons), notes=tuple(notes))


@dataclass(frozen=True)
class _Moment:
    """An excerpt's place: which neuron (by its place in the list), and which of its excerpts."""

    neuron: int
    place: int
    excerpt: Excerpt

    @property
    def span(self) -> Span:
        return self.excerpt.start, self.excerpt.stop


def _twins(neurons: Sequence[Neuron]) -> dict[int, int]:
    """Neurons whose excerpts are those of one before them, with that one."""
    first_with: dict[tuple[tuple[str, int, int], ...], int] = {}
    twins = {}
    for i, neuron in enumerate(neurons):
        key = tuple((excerpt.track, excerpt.start, excerpt.stop) for excerpt in neuron.excerpts)
        if key and (first := first_with.setdefault(key, i)) != i:
            twins[i] = first
    return twins


def _as_its_twin(neuron: Neuron, stem: str, twin: Neuron, folder: Path) -> Neuron:
    """A neuron with its twin's picture and sound, under its own name."""
    excerpts = zip(neuron.excerpts, twin.excerpts, strict=True)
    return replace(
        neuron,
        excerpts=tuple(replace(excerpt, at_s=other.at_s) for excerpt, other in excerpts),
        picture=_linked(folder, twin.picture, f"{stem}.png"),
        sound=_linked(folder, twin.sound, f"{stem}.flac"),
    )


def _linked(folder: Path, source: str | None, name: str) -> str | None:
    if source is None:
        return None
    draft = _draft(folder / name)
    draft.unlink(missing_ok=True)
    try:
        os.link(folder / source, draft)
    except OSError:
        shutil.copyfile(folder / source, draft)
    # Renaming does nothing where both names are one file already.
    draft.replace(folder / name)
    draft.unlink(missing_ok=True)
    return name


def _draft(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}")


def _moments_by_track(neurons: Sequence[Neuron], left_out: Collection[int]) -> dict[str, list[_Moment]]:
    by_track: dict[str, list[_Moment]] = defaultdict(list)
    for i, neuron in enumerate(neurons):
        if i in left_out:
            continue
        for place, excerpt in enumerate(neuron.excerpts):
            by_track[excerpt.track].append(_Moment(i, place, excerpt))
    return dict(by_track)


def _with_pictures(
    filters: Filters,
    folder: Path,
    stems: Sequence[str],
    features: Features,
    by_track: dict[str, list[_Moment]],
    index: dict[str, int],
    progress: Progress | None,
) -> list[Neuron]:
    front_end = filters.front_end
    sums: dict[int, NDArray[np.float32]] = {}
    seen: dict[int, int] = defaultdict(int)
    neurons = list(filters.neurons)
    for n_done, (name, moments) in enumerate(by_track.items(), start=1):
        log_mel = np.asarray(features.log_mels[index[name]], np.float32)
        pictures: dict[Span, NDArray[np.float32]] = {}
        for moment in moments:
            if moment.span not in pictures:
                first = moment.excerpt.start // front_end.hop_length
                last = first + (moment.excerpt.stop - moment.excerpt.start - front_end.n_fft) // front_end.hop_length
                pictures[moment.span] = relative_db(log_mel[first : last + 1])
            picture = pictures[moment.span]
            i = moment.neuron
            sums[i] = sums[i] + picture if i in sums else picture
            seen[i] += 1
            if seen[i] == len(neurons[i].excerpts):
                write_picture(folder / f"{stems[i]}.png", sums.pop(i) / seen[i])
                neurons[i] = replace(neurons[i], picture=f"{stems[i]}.png")
        if progress is not None:
            progress(n_done, len(by_track))
    return neurons


def _cut(
    writer: _SoundWriter,
    by_track: dict[str, list[_Moment]],
    paths: dict[str, Path],
    executor: Executor,
    progress: Progress | None,
) -> dict[str, str]:
    """Cut every recording; returns those that could not be read, each with one sentence why."""
    missing = {
        name: needed
        for name, moments in by_track.items()
        if (needed := [moment for moment in moments if not writer.is_done(moment.neuron)])
    }
    names = list(missing)
    rate = writer.sample_rate
    spans = [tuple(sorted({moment.span for moment in missing[name]})) for name in names]
    cuts = [Cut(paths[name], rate, those) for name, those in zip(names, spans, strict=True)]
    for moments in missing.values():
        for moment in moments:
            writer.expect(moment.neuron)
    lost = {}
    for n_done, outcome in enumerate(executor.map(read_cut, cuts), start=1):
        name = names[outcome.index]
        if outcome.failure is not None:
            lost[name] = outcome.failure.message
        excerpts = dict(zip(spans[outcome.index], outcome.value or (), strict=False))
        for moment in missing[name]:
            writer.take(moment.neuron, moment.place, excerpts.get(moment.span))
        if progress is not None:
            progress(n_done, len(cuts))
    return lost


@dataclass
class _SoundWriter:
    """Joins a neuron's excerpts and writes them as soon as the last has come."""

    folder: Path
    stems: Sequence[str]
    neurons: list[Neuron]
    sample_rate: int
    _expected: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    _waiting: dict[int, dict[int, NDArray[np.int16] | None]] = field(default_factory=lambda: defaultdict(dict))

    def is_done(self, i: int) -> bool:
        """Whether an earlier run has written the whole sound; if so, it is taken over."""
        neuron = self.neurons[i]
        if neuron.sound is not None:
            return True
        path = self.folder / f"{self.stems[i]}.flac"
        if not path.exists():
            return False
        lengths = [excerpt.stop - excerpt.start for excerpt in neuron.excerpts]
        gap = round(GAP_S * self.sample_rate)
        if soundfile.info(str(path)).frames != sum(lengths) + gap * (len(lengths) - 1):
            return False
        begins = [sum(lengths[:place]) + gap * place for place in range(len(lengths))]
        self._enter(i, {place: begin / self.sample_rate for place, begin in enumerate(begins)})
        return True

    def expect(self, i: int) -> None:
        """Announce one more excerpt."""
        self._expected[i] += 1

    def take(self, i: int, place: int, samples: NDArray[np.int16] | None) -> None:
        """Take an excerpt, None where it could not be read."""
        self._waiting[i][place] = samples
        if len(self._waiting[i]) < self._expected[i]:
            return
        there = {at: excerpt for at, excerpt in sorted(self._waiting.pop(i).items()) if excerpt is not None}
        if not there:
            return
        sound, begins = joined(list(there.values()), self.sample_rate)
        path = self.folder / f"{self.stems[i]}.flac"
        draft = _draft(path)
        draft.write_bytes(_flac(sound, self.sample_rate))
        draft.replace(path)
        self._enter(i, dict(zip(there, begins, strict=True)))

    def _enter(self, i: int, begins: dict[int, float]) -> None:
        neuron = self.neurons[i]
        excerpts = [
            replace(excerpt, at_s=round(begins[place], 6) if place in begins else None)
            for place, excerpt in enumerate(neuron.excerpts)
        ]
        self.neurons[i] = replace(neuron, excerpts=tuple(excerpts), sound=f"{self.stems[i]}.flac")


def _flac(samples: NDArray[np.int16], sample_rate: int) -> bytes:
    # Through memory: libsndfile waits for the disk at each file that it writes itself.
    content = io.BytesIO()
    with soundfile.SoundFile(
        content, "w", sample_rate, 1, "PCM_16", format="FLAC", compression_level=_FLAC_LEVEL
    ) as file:
        file.write(samples)
    return content.getvalue()
