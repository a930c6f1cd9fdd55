"""Filters of every neuron over the 66 clips: the way of 2018 against ours. Time and memory, each in a fresh process.

The way of 2018 (`extract_filters.py` of the original), stated anew: the spectrograms of all tracks as one array; layer
by layer, the activations of all tracks at once; for each neuron the tracks with the highest peaks; for each excerpt the
whole track decoded again by librosa, cut and joined; a plain wav a neuron. Both ways begin with the spectrograms
at hand, the bundle open (2018: its network loaded by Keras) and their libraries imported; they hear the same clips, cut
as many excerpts and write plain wav. Ours also matches loudness, draws the pictures, counts the genres, writes the
gallery, and makes the network that the dashboard hears with. It uses every core; CPU time tells what is saved beyond
that.

`python -m benchmarks.filters WAY FOLDER` runs one way and prints its seconds and its memory.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from benchmarks.measuring import Row, clips, greatest_memory_mb
from genre_lib.bundle.files import KERAS, open_bundle
from genre_lib.datasets import DataSet, Features, Track, load_features
from genre_lib.filters import find_filters, find_layer_outputs
from genre_lib.filters.intermediate_outputs import IntermediateOutputs
from genre_lib.networks.keras_files import load_keras

COUNT0 = 4
ROUNDS = 3
WAYS = ("2018", "ours")
# Both ways write a thousand files. An ext4 that has just lost some thousands takes a second longer for that.
_IN_MEMORY = Path("/dev/shm")


def run() -> list[Row]:
    """Time and peak memory of both ways, and their ratios: medians of rounds in which each has its turn."""
    with tempfile.TemporaryDirectory(dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None) as folder:
        paths = [str(path) for path in clips(Path(folder))]
        (Path(folder) / "clips.json").write_text(json.dumps(paths))
        # All find the spectrograms in the cache.
        _measured("features", folder)
        _measured("ours", folder)
        rounds = [{way: _measured(way, folder) for way in WAYS} for _ in range(ROUNDS)]
    old = rounds[0]["2018"]

    def median(way: str, key: str) -> float:
        return statistics.median(one[way][key] for one in rounds)

    def ratio(way: str, key: str) -> float:
        return statistics.median(one["2018"][key] / one[way][key] for one in rounds)

    return [
        Row(
            "filters, the 2018 way",
            median("2018", "seconds"),
            "s",
            note=f"{old['decodes']} decodes, {old['neurons']} neurons, CPU {median('2018', 'cpu_s'):.1f} s",
        ),
        Row("filters, ours (all of it)", median("ours", "seconds"), "s", note=f"CPU {median('ours', 'cpu_s'):.1f} s"),
        Row("2018 / ours, time", ratio("ours", "seconds"), "x", aim="at least 20"),
        Row("2018 / ours, CPU time", ratio("ours", "cpu_s"), "x"),
        Row("filters, the 2018 way, peak memory", median("2018", "peak_mb"), "MB"),
        Row("filters, ours, peak memory", median("ours", "peak_mb"), "MB", aim="at most 1500", note="no TensorFlow"),
        Row("2018 / ours, peak memory", ratio("ours", "peak_mb"), "x"),
        Row("2018, memory beyond what it begins with", median("2018", "added_mb"), "MB"),
        Row("ours, memory beyond what it begins with", median("ours", "added_mb"), "MB"),
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
    """Activations of all tracks at once, and one decode for each neuron and excerpt."""
    import librosa

    from genre_lib.networks.tensorflow_setup import keras

    front_end = features.data_set.front_end
    assert front_end is not None
    n_frames = min(len(log_mel) for log_mel in features.log_mels)
    x = np.stack([log_mel[:n_frames] for log_mel in features.log_mels])
    n_decodes = n_neurons = 0
    for layer_output in find_layer_outputs(network):
        layer = layer_output.layer
        (out / layer.folder).mkdir(parents=True)
        output = keras.Model(network.inputs[0], layer_output.tensor).predict_on_batch(x)
        output = output.max(axis=2) if output.ndim == 4 else output
        # What is padded before the start is no excerpt.
        output = output[:, layer.first_whole_step :]
        peak, step = output.max(axis=1), output.argmax(axis=1) + layer.first_whole_step
        count = layer.count(COUNT0)
        best = np.argpartition(peak, -count, axis=0)[-count:]
        for neuron in range(layer.n_neurons):
            pieces = []
            for track in best[:, neuron]:
                samples, _ = librosa.load(features.tracks[track].path, mono=True)
                start = layer.frames(int(step[track, neuron]))[0] * front_end.hop_length
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
    bundle = open_bundle()
    values: dict[str, Any] = {}
    out = Path(tempfile.mkdtemp(dir=folder))
    if way == "2018":
        import librosa

        # Its first call compiles.
        librosa.load(features.tracks[0].path)
        network = load_keras(bundle.folder / KERAS)
    else:
        for name in ("ai_edge_litert.interpreter", "ai_edge_litert.schema_py_generated", "flatbuffers"):
            import_module(name)
    before, cpu, began = greatest_memory_mb(), time.process_time(), time.perf_counter()
    if way == "2018":
        values = dict(the_2018_way(network, features, out / "2018"))
    else:
        find_filters(IntermediateOutputs.of_bundle(bundle), features, out / "ours", count0=COUNT0)
    values["seconds"] = time.perf_counter() - began
    values["cpu_s"] = time.process_time() - cpu
    values["peak_mb"] = greatest_memory_mb()
    values["added_mb"] = values["peak_mb"] - before
    print(json.dumps(values))
    return 0


if __name__ == "__main__":
    sys.exit(main())
