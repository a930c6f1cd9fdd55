"""Training from a cache that is far larger than the memory it may use."""

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]

SCRIPT = """
import resource, sys
from pathlib import Path
import numpy as np
from genre_lib.feature_cache import CachedLogMels, FeatureCache
from genre_lib.front_end import FrontEnd
from genre_lib.networks import build
from genre_lib.training import TrainingConfig, fit

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
print("resident", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
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
    assert int(said["resident"]) < 4e9
