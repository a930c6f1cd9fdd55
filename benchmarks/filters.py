"""Filters of every neuron over the 66 clips: the way of 2018 against ours. Time and memory, each in a fresh process.

The way of 2018, stated anew: run the network over all tracks and keep every layer's activations of all of them; for
each neuron order the tracks by their strongest moment; for each excerpt decode its whole track again, cut and join;
write plain files. Both begin with the log-mel spectrograms at hand and the network loaded, hear the same clips and make
the same excerpts; ours also draws the pictures, counts the genres, and writes the gallery.

`python -m benchmarks.filters WAY FOLDER` runs one way and prints its seconds and its memory.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from benchmarks.measuring import Row, clips
from genre_lib.bundle import KERAS, open_bundle
from genre_lib.datasets import DataSet, Features, Track, load_features
from genre_lib.export import load_keras
from genre_lib.filters import find_filters, find_voices

COUNT0 = 4


def run() -> list[Row]:
    """Time and peak memory of both ways, and their ratios."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(path) for path in clips(Path(folder))]
        (Path(folder) / "clips.json").write_text(json.dumps(paths))
        # Both ways find the spectrograms in the cache.
        _measured("features", folder)
        old, new = _measured("2018", folder), _measured("ours", folder)
    ratio, memory = old["seconds"] / new["seconds"], old["peak_mb"] / new["peak_mb"]
    decodes = f"{old['decodes']} decodes"
    return [
        Row("filters, the 2018 way", old["seconds"], "s", note=f"{decodes}, {old['neurons']} neurons"),
        Row("filters, ours (with pictures and gallery)", new["seconds"], "s"),
        Row("of it, making the network that hears", new["ear_s"], "s", note="once for each network"),
        Row("2018 / ours, time", ratio, "x", aim="at least 20"),
        Row("filters, the 2018 way, peak memory", old["peak_mb"], "MB"),
        Row("filters, ours, peak memory with TensorFlow", new["peak_mb"], "MB", aim="at most 1500"),
        Row("2018 / ours, peak memory", memory, "x"),
    ]


def _measured(way: str, folder: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.filters", way, folder]
    answer = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=Path(__file__).resolve().parents[1]
    )
    return json.loads(answer.stdout.splitlines()[-1])


def _features(folder: Path) -> Features:
    paths = [Path(path) for path in json.loads((folder / "clips.json").read_text())]
    tracks = tuple(Track(f"{i} {path.stem}", path, path.parent.name) for i, path in enumerate(paths))
    genres = tuple(sorted({track.genre or "" for track in tracks}))
    return load_features(
        DataSet("clips", tracks, genres), open_bundle().card.front_end, cache_folder=folder / "features"
    )


def the_2018_way(network: Any, features: Features, out: Path) -> dict[str, int]:
    """All activations in memory, and one decode for each neuron and excerpt."""
    import librosa

    from genre_lib.tensorflow_setup import keras

    front_end = features.data_set.front_end
    assert front_end is not None
    voices = find_voices(network)
    activations_of = keras.Model(network.inputs, [voice.tensor for voice in voices])
    everything: list[list[Any]] = [[] for _ in voices]
    for log_mel in features.log_mels:
        for kept, tensor in zip(everything, activations_of(np.asarray(log_mel)[None], training=False), strict=True):
            kept.append(np.asarray(tensor)[0])
    n_decodes = n_neurons = 0
    for voice, tracks in zip(voices, everything, strict=True):
        layer = voice.layer
        (out / layer.folder).mkdir(parents=True)
        for neuron in range(layer.n_neurons):
            best = []
            for i, values in enumerate(tracks):
                series = values[layer.first_whole_step :, ..., neuron]
                series = series.max(axis=1) if series.ndim == 2 else series
                step = int(series.argmax())
                best.append((float(series[step]), i, step + layer.first_whole_step))
            pieces = []
            for _, i, step in sorted(best, reverse=True)[: layer.count(COUNT0)]:
                samples, _ = librosa.load(features.tracks[i].path, sr=front_end.sample_rate)
                start = layer.frames(step)[0] * front_end.hop_length
                pieces.append(samples[start : start + front_end.n_samples(layer.timing.receptive_field_frames)])
                n_decodes += 1
            soundfile.write(out / layer.folder / f"{neuron}.wav", np.concatenate(pieces), front_end.sample_rate)
            n_neurons += 1
    return {"decodes": n_decodes, "neurons": n_neurons}


def main() -> int:
    """Run one way in this process."""
    way, folder = sys.argv[1], Path(sys.argv[2])
    features = _features(folder)
    if way == "features":
        print("{}")
        return 0
    network = load_keras(open_bundle().folder / KERAS)
    values: dict[str, Any] = {}
    if way == "2018":
        import librosa

        # Its first call compiles.
        librosa.load(features.tracks[0].path)
        began = time.perf_counter()
        values = dict(the_2018_way(network, features, folder / "2018"))
    else:
        from genre_lib.filters import search

        made = search.export_ear

        def timed(*arguments: Any) -> bytes:
            started = time.perf_counter()
            content = made(*arguments)
            values["ear_s"] = time.perf_counter() - started
            return content

        search.export_ear = timed
        began = time.perf_counter()
        find_filters(network, features, folder / "ours", count0=COUNT0)
    values["seconds"] = time.perf_counter() - began
    values["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(values))
    return 0


if __name__ == "__main__":
    sys.exit(main())
