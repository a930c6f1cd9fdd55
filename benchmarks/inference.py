"""Four minutes of log-mel through the pretrained network: LiteRT here, TensorFlow.js wasm in Node."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np

from benchmarks.measuring import Row, seconds
from genre_lib.bundle.files import LITERT, TFJS, open_bundle
from genre_lib.inference.network import LiteRtNetwork

_SCRIPTS = Path(__file__).resolve().parents[1] / "web" / "scripts"


def run() -> list[Row]:
    """Median times, and sizes of the bundle's parts."""
    bundle = open_bundle()
    front_end = bundle.card.front_end
    n_frames = front_end.n_frames(240 * front_end.sample_rate)
    log_mel = np.random.default_rng(0).normal(-40, 15, (n_frames, front_end.n_mels)).astype(np.float32)
    network = LiteRtNetwork(bundle.folder / LITERT, len(bundle.card.genres))
    files = bundle.card.files
    rows = [
        Row("LiteRT, 4 minutes of log-mel, one thread", seconds(lambda: network(log_mel)), "s", aim="at most 0.15"),
        Row("parameters", bundle.card.training.get("parameters", 0) / 1e6, "M", aim="at most 1"),
        Row(
            "tfjs on disk",
            sum(e.size for n, e in files.items() if n.startswith("tfjs/")) / 1e6,
            "MB",
            aim="at most 1.1",
        ),
        Row("bundle on disk", sum(entry.size for entry in files.values()) / 1e6, "MB", aim="at most 8"),
    ]
    node = shutil.which("node")
    if node is None or not (_SCRIPTS.parent / "node_modules" / "@tensorflow").is_dir():
        return rows
    command = [node, str(_SCRIPTS / "run-graph-model.mjs"), str(bundle.folder / TFJS), "--time", str(n_frames)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    wasm_s = json.loads(answer.stdout)["median_s"]
    return [*rows, Row("TF.js wasm in Node, 4 minutes of log-mel, one thread", wasm_s, "s", aim="at most 0.5")]
