"""Training from a cache that is far larger than the memory, and the open files, it may use."""

import subprocess
import sys
from pathlib import Path

import pytest

from genre_lib.datasets.concatenated import Joined

REPOSITORY = Path(__file__).resolve().parents[2]

SCRIPT = """
import resource, sys
from pathlib import Path
import numpy as np
from benchmarks.measuring import greatest_memory_mb
from genre_lib.datasets.feature_cache import CachedLogMels, FeatureCache
from genre_lib.audio.front_end import FrontEnd
from genre_lib.networks import build
from genre_lib.training.config import TrainingConfig
from genre_lib.training.fit import fit

GIB = 2**30
cache = FeatureCache(Path(sys.argv[1]), FrontEnd())
keys = [f"{number:064x}" for number in range(200)]
shape = (GIB // 10 // 512, 128)
for key in keys:
    path = cache.path(key)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})
        file.truncate(file.tell() + 4 * shape[0] * shape[1])
print("bytes", sum(cache.path(key).stat().st_size for key in keys))

def fitted(n_epochs):
    model = build("residual", n_genres=2, n_mels=128, front_filters=[4, 8, 8], width=16)
    config = TrainingConfig(epochs=n_epochs, batch_size=20)
    return fit(model, CachedLogMels(cache, keys), np.arange(200) % 2, config=config, report=lambda line: None)

fitted(1)
used = int(next(line for line in open("/proc/self/status") if line.startswith("VmData")).split()[1]) * 1024
resource.setrlimit(resource.RLIMIT_DATA, (used + GIB, used + GIB))
try:
    np.ones(2 * GIB // 8)
    print("no cap")
except MemoryError:
    print("capped")
history = fitted(3).history
print("epochs", len(history), "finite", all(np.isfinite(row["loss"]) for row in history))
print("resident", greatest_memory_mb() * 2**20)
"""


@pytest.mark.slow
def test_20_gb_of_spectrograms_train_in_one_more_gb_of_memory(tmp_path: Path) -> None:
    """200 sparse entries of 0.1 GB; no private memory beyond 1 GB more than the libraries hold may be taken."""
    if not Path("/proc/self/status").exists():
        pytest.skip("needs Linux to cap the memory of a process")
    answer = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)], capture_output=True, text=True, cwd=REPOSITORY, check=False
    )
    assert answer.returncode == 0, answer.stderr[-2000:]
    said = dict(line.split(" ", 1) if " " in line else (line, "") for line in answer.stdout.splitlines())
    assert int(said["bytes"]) > 20e9
    assert "capped" in said
    assert said["epochs"] == "3 finite True"
    assert float(said["resident"]) < 4e9


MANY_TRACKS = """
import resource, sys
from pathlib import Path
import numpy as np
from genre_lib.datasets import DataSet, Features, Track
from genre_lib.datasets.feature_cache import CachedLogMels, FeatureCache
from genre_lib.audio.front_end import FrontEnd
from genre_lib.runs.pipeline.train import fit_recipe
from genre_lib.training.recipe import Recipe

cache = FeatureCache(Path(sys.argv[1]), FrontEnd())
keys = [f"{number:064x}" for number in range(600)]
for key in keys:
    cache.path(key).parent.mkdir(parents=True, exist_ok=True)
    np.save(cache.path(key), np.zeros((140, 128), np.float32))
tracks = tuple(Track(key, None, "ab"[number % 2], split="train") for number, key in enumerate(keys))
log_mels = CachedLogMels(cache, keys)
part = Features(DataSet("many", tracks, ("a", "b"), (), log_mels, FrontEnd()), log_mels)
recipe = Recipe.from_dict({
    "network": {"name": "residual", "front_filters": [4, 8, 8], "width": 16},
    "training": {"epochs": 1, "batch_size": 100},
    "non_music": 4,
})
# What training itself opens fits; a file for each track would not.
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
print("epochs", len(fit_recipe(recipe, part, report=lambda line: None).history))
"""


@pytest.mark.slow
def test_more_tracks_than_files_may_be_open(tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-c", MANY_TRACKS, str(tmp_path)], capture_output=True, text=True, cwd=REPOSITORY, check=False
    )
    assert answer.returncode == 0, answer.stderr[-2000:]
    assert answer.stdout.split() == ["epochs", "1"]


def test_joined_sequences_are_one_and_are_only_looked_into_when_asked() -> None:
    class Watched(list):
        looks = 0

        def __getitem__(self, index):
            self.looks += 1
            return super().__getitem__(index)

    first, second = Watched([0, 1, 2]), Watched([3, 4])
    joined = Joined(first, [], second)
    assert len(joined) == 5
    assert first.looks == second.looks == 0
    assert (joined[3], joined[-1], joined[-5]) == (3, 4, 0)
    assert list(joined) == [0, 1, 2, 3, 4]
    assert joined[1:4] == [1, 2, 3]
    assert len(Joined()) == 0
    for index in (5, -6):
        with pytest.raises(IndexError):
            joined[index]
