"""What `test_distribution` asks about training on two devices; in a process of its own, whose processor is split."""

import json
import sys
from pathlib import Path

import numpy as np

from genre_lib.errors import ParameterError
from genre_lib.networks import build
from genre_lib.networks.tensorflow_setup import keras, tf
from genre_lib.training.batches import Batches
from genre_lib.training.config import TrainingConfig
from genre_lib.training.devices import chosen_devices, device_copies
from genre_lib.training.fit import fit
from genre_lib.training.trainer import Trainer
from tests.training.test_fit import toy_clips, toy_distillation

LOG_MELS, LABELS = toy_clips()


def network(dropout=0.0):
    keras.utils.set_random_seed(3)
    sizes = {"width": 12, "front_filters": (4, 6, 8), "dilations": (1,)}
    return build("residual", n_genres=3, n_mels=32, **sizes, dropout=dropout, head_dropout=dropout)


def config(devices, **changes):
    # Nine excerpts are no even number: one device gets five of them and the other four.
    settings = {"epochs": 3, "batch_size": 9, "excerpt_frames": 40, "learning_rate": 5e-3, "clip_norm": 0.5}
    return TrainingConfig(**settings | changes, devices=devices, average=0.9)


def trained(devices, folder=None, stop_at="never", **changes):
    def report(line):
        if line.startswith(stop_at):
            raise KeyboardInterrupt

    model = network()
    result = fit(model, LOG_MELS, LABELS, config=config(devices, **changes), run_folder=folder, report=report)
    return model, [row["loss"] for row in result.history]


def apart(one, other):
    pairs = zip(one.get_weights(), other.get_weights(), strict=True)
    return max(float(np.abs(a - b).max()) for a, b in pairs)


def trainer_of(devices, dropout=0.0):
    settings = config(devices)
    batches = Batches.plan(network(), LOG_MELS, LABELS, toy_distillation(), settings)
    return Trainer(network(dropout), batches, settings, chosen_devices(devices, batches.sizes))


def gradient(devices):
    trainer = trainer_of(devices)
    batch = trainer._on_devices(next(trainer.batches.of_epoch(0)))
    function = trainer._losses_and_gradients
    if devices > 1:
        found = tf.function(lambda shares: trainer._replicas.summed(function, shares))(batch)
    else:
        found = tf.function(function)(batch)
    return np.concatenate([values.numpy().ravel() for values in found[1]])


def resumed(folder):
    try:
        trained(2, folder, stop_at="epoch 2/")
    except KeyboardInterrupt:
        return trained(1, folder)
    raise AssertionError("the first half was not interrupted")


def dropout_states():
    trainer = trainer_of(2, dropout=0.5)
    trainer.epoch(0)
    layers = [layer for layer in trainer.model.layers if getattr(layer, "seed_generator", None) is not None]
    return [[state.numpy().tolist() for state in device_copies(layer.seed_generator.state)] for layer in layers]


def refusal():
    try:
        chosen_devices(2, (9, 1))
    except ParameterError as error:
        return str(error)
    return ""


def main(folder: Path) -> None:
    halves = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], halves)
    (one, one_losses), (two, two_losses), (mixed, _) = trained(1), trained(2), resumed(folder / "run")
    two.save(folder / "two.keras")
    said = []
    alone, shared = gradient(1), gradient(2)
    facts = {
        "learnt": apart(one, network()),
        "apart": apart(one, two),
        "losses_apart": float(np.abs(np.subtract(one_losses, two_losses)).max()),
        "apart_after_change": apart(one, mixed),
        "gradient_apart": float(np.linalg.norm(alone - shared) / np.linalg.norm(alone)),
        "plain_variables": not any(len(device_copies(variable)) > 1 for variable in two.variables),
        "dropout_states": dropout_states(),
        "auto": chosen_devices("auto", (9,), said.append),
        "said_of_auto": list(said),
        "of_three": chosen_devices(3, (9,), said.append),
        "said_of_three": said,
        "refusal": refusal(),
        "bfloat16_losses": trained(2, epochs=1, precision="bfloat16")[1],
    }
    print(json.dumps(facts))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
