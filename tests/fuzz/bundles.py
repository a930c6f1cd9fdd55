"""Damaged model bundles: each is refused with a sentence, or answers as the whole one does.

`python -m tests.fuzz.bundles N [SEED]` prints its counts and ends with status 1 at a fault (`make fuzz N=500`).
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from genre_lib.bundle.resources import pretrained_folder
from genre_lib.errors import BundleError
from genre_lib.inference.model import load_model
from tests.fuzz.damage import WAYS


@dataclass
class Outcome:
    """What became of the damaged bundles.

    Attributes
    ----------
    n, refused, equal : int
    by_file : counter of str
        Refused ones, by the file that was damaged.
    faults : list of str
        Bundles that answer otherwise, or end in an error that was not foreseen.
    """

    n: int = 0
    refused: int = 0
    equal: int = 0
    by_file: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether every bundle was refused or answered as the whole one."""
        return not self.faults

    def to_text(self) -> str:
        """The counts, and every fault."""
        counts = ", ".join(f"{count} {name}" for name, count in self.by_file.most_common())
        head = f"{self.n} damaged bundles: {self.refused} refused ({counts}), {self.equal} answer as the whole one"
        return "\n".join([f"{head}, {len(self.faults)} faults", *self.faults])


def fuzz(n: int, seed: int, folder: Path) -> Outcome:
    """Damage the pretrained bundle `n` times below `folder`."""
    bundle = Path(shutil.copytree(pretrained_folder(), folder / "bundle"))
    rng = np.random.default_rng(seed)
    log_mel = rng.uniform(-80, 0, (80, 128)).astype(np.float32)
    whole = load_model(bundle).curve_from_log_mel(log_mel).step_logits
    files = sorted(path for path in bundle.rglob("*") if path.is_file())
    outcome = Outcome(n)
    for i in range(n):
        path = files[i % len(files)]
        content = path.read_bytes()
        way = [*WAYS, "gone", "added"][int(rng.integers(len(WAYS) + 2))]
        name = f"{path.relative_to(bundle).as_posix()} {way}"
        added = bundle / "added.bin"
        if way == "gone":
            path.unlink()
        elif way == "added":
            added.write_bytes(rng.bytes(100))
        else:
            path.write_bytes(WAYS[way](bytearray(content), rng))
        _try(bundle, log_mel, whole, outcome, name)
        path.write_bytes(content)
        added.unlink(missing_ok=True)
    return outcome


def _try(bundle: Path, log_mel: np.ndarray, whole: np.ndarray, outcome: Outcome, name: str) -> None:
    try:
        model = load_model(bundle)
        logits = model.curve_from_log_mel(log_mel).step_logits
    except BundleError as error:
        outcome.refused += 1
        outcome.by_file[name.split(" ")[0]] += 1
        if "\n" in str(error) or str(bundle) not in str(error):
            outcome.faults.append(f"no sentence: {name}: {error}")
    except Exception as error:
        outcome.faults.append(f"{name}: {type(error).__name__}: {error}")
    else:
        if logits.shape == whole.shape and np.array_equal(logits, whole):
            outcome.equal += 1
        else:
            outcome.faults.append(f"other answers: {name}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        found = fuzz(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0, Path(folder))
    print(found.to_text())
    sys.exit(not found.ok)
