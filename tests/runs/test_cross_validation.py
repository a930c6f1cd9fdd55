"""Teachers, folds and a baseline through the pipeline, on a small data set of features with tagger outputs."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from genre_lib.audio.front_end import FrontEnd
from genre_lib.errors import DataSetError, ParameterError, RunError
from genre_lib.runs import pipeline
from genre_lib.runs.pipeline import recipe_training
from genre_lib.runs.pipeline.answers import StepAnswers
from genre_lib.runs.pipeline.cross_validation import Validation, networks_elsewhere, out_of_fold
from genre_lib.runs.run_folder import Run
from genre_lib.training.labelled_sources import LabelledSource, labelled_clips
from genre_lib.training.recipe import Recipe

pytestmark = pytest.mark.slow

SMALL = {"name": "residual", "width": 12, "front_filters": [4, 6, 8], "dilations": [1]}
TRAINING = {"epochs": 3, "batch_size": 6, "learning_rate": 5e-3, "average": 0.5}


def spectrograms(n: int, seed: int) -> np.ndarray:
    """Two genres by turns, told apart by the half of the bands that is loud."""
    rng = np.random.default_rng(seed)
    mel = rng.integers(60, 90, (n, 128, 387)).astype(np.uint8)
    for number in range(n):
        half = slice(0, 64) if number % 2 else slice(64, 128)
        mel[number, half] += 100
    return mel


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("features")
    n, rng = 16, np.random.default_rng(0)
    np.savez(
        folder / "labelled.npz",
        mel=spectrograms(n, 1),
        name=[f"track{i}" for i in range(n)],
        genre=["high", "low"] * (n // 2),
        group=[f"band {i // 2}" for i in range(n)],
        split=["train"] * 10 + ["valid"] * 6,
        range_db=np.full(n, 80.0, np.float32),
    )
    (folder / "unlabelled").mkdir()
    np.savez(
        folder / "unlabelled" / "music.npz",
        mel=spectrograms(6, 2),
        source=[f"piece {i}" for i in range(6)],
        **{f"{tagger}_tags": rng.normal(size=(6, 10, 3)).astype(np.float32) for tagger in ("msd", "mtt")},
        **{f"{tagger}_penultimate": rng.normal(size=(6, 10, 4)).astype(np.float32) for tagger in ("msd", "mtt")},
    )
    (folder / "unlabelled" / "tags.json").write_text(json.dumps({"msd": ["a", "b", "c"], "mtt": ["d", "e", "f"]}))
    return folder


@pytest.fixture(scope="module")
def taught(music: Path) -> Recipe:
    distillation = {"batch_size": 4, "genre_weight": 2.0}
    return Recipe.from_dict(
        {
            "network": SMALL,
            "training": TRAINING | {"teacher_windows": 2, "distillation": distillation},
            "sources": [{"music": str(music / "unlabelled" / "music.npz")}],
            "teachers": 1,
        }
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, music: Path, taught: Recipe) -> Run:
    run = Run.open(tmp_path_factory.mktemp("runs") / "taught")
    pipeline.prepare_data(run, str(music / "labelled.npz"))
    pipeline.train(run, taught, report=lambda line: None)
    return run


def test_teachers_are_trained_first_and_kept(run: Run) -> None:
    teachers = [run.training / "train" / "teachers" / f"seed{seed}" / "model.keras" for seed in (0,)]
    assert all(path.exists() for path in teachers)
    history = json.loads((run.training / "history.json").read_text())
    assert history[-1]["genres"] > 0
    teacher = json.loads((teachers[0].parent / "history.json").read_text())
    assert "genres" not in teacher[-1]


def test_folds_teachers_and_baseline_answer_every_clip_by_a_network_that_never_heard_its_band(
    run: Run, tmp_path: Path
) -> None:
    plain = tmp_path / "plain.yaml"
    plain.write_text(Recipe.from_dict({"network": SMALL, "training": TRAINING}).to_yaml())
    lines: list[str] = []
    options = {"folds": 2, "seeds": 1, "baseline": str(plain)}
    found = pipeline.cross_validate_run(run, **options, report=lines.append)
    assert len([line for line in lines if "fold" in line]) == 2 + 2 + 2
    for _, result in found.named():
        assert len(result.names) == 16
    assert len(found.model.by_seed) == 1
    assert len(found.distilled.by_seed) == 1
    assert Validation.load(run.evaluation) == found
    held_out = out_of_fold(run)
    assert sorted(held_out.names) == list(found.distilled.names)
    right = {name: int(np.mean(z, axis=0).argmax()) == label for name, label, z in
             zip(held_out.names, held_out.labels, held_out.step_logits, strict=True)}  # fmt: skip
    assert [right[name] for name in found.distilled.names] == list(found.distilled.correct[0])
    again: list[str] = []
    assert pipeline.cross_validate_run(run, **options, report=again.append) == found
    assert again == []


def test_in_other_processes_a_failed_training_says_which_and_the_others_are_kept(
    run: Run, taught: Recipe, tmp_path: Path
) -> None:
    tracks = tuple(track.name for track in pipeline.prepared(run).tracks[:8])
    good = recipe_training.Fit("fold 6", str(run.folder), taught.as_teacher(0), tracks, str(tmp_path / "good"))
    lost = recipe_training.Fit("fold 7", str(run.folder), taught, tracks, str(tmp_path), (str(tmp_path / "no.keras"),))
    lines: list[str] = []
    with pytest.raises(RunError, match="fold 7 failed"):
        recipe_training.fit_all([good, lost], recipe_training.ExecutorOptions("processes", 1), lines.append)
    assert len(lines) == 1
    assert lines[0].startswith("fold 6: trained in")
    assert good.model_path.exists()


def test_teachers_without_anything_to_teach_with_are_refused() -> None:
    with pytest.raises(ParameterError, match="music to teach with"):
        Recipe.from_dict({"teachers": 3})


def test_a_second_data_set_is_measured_calibrated_for_and_told(run: Run, music: Path) -> None:
    """After the folds: the network that ships answers it, and so does the baseline."""
    n = 40
    world = music / "elsewhere.npz"
    np.savez(
        world,
        mel=spectrograms(n, 7),
        name=[f"song{i}" for i in range(n)],
        genre=["high", "low"] * (n // 2),
        artist=[f"singer {i // 2}" for i in range(n)],
        clear=[i % 4 < 2 for i in range(n)],
        range_db=np.full(n, 80.0, np.float32),
    )
    evaluation = pipeline.assess(run, robustness=False, world=str(world))
    parts = evaluation.calibration["clip"].by_data_set
    assert [(part.name, part.n_answers) for part in parts] == [("elsewhere", n), ("labelled", 16)]
    found = pipeline.assess_world(run, str(world))
    assert len(found.everything.answers.names) == n
    assert len(found.clear.answers.names) == n // 2
    assert found.baseline.model == "baseline"
    assert [sentence.split(",")[1] for sentence in found.sentences()] == [" elsewhere"] * 3
    assert pipeline.Assessment.load(run.evaluation).world == found
    assert pipeline.assess_world(run, "") == pipeline.World()


def test_a_second_data_set_with_another_genre_is_refused(run: Run, music: Path) -> None:
    np.savez(music / "polka.npz", mel=spectrograms(2, 8), name=["a", "b"], genre=["polka", "low"],
             range_db=np.full(2, 80.0, np.float32))  # fmt: skip
    with pytest.raises(DataSetError, match="has not learnt"):
        pipeline.assess_world(run, str(music / "polka.npz"))


def test_labelled_clips_of_other_music_are_learnt_and_measured_by_the_folds_that_held_them_out(
    music: Path, tmp_path: Path
) -> None:
    elsewhere = music / "world.npz"
    n = 8
    np.savez(
        elsewhere,
        mel=spectrograms(n, 9),
        name=[f"song{i}" for i in range(n)],
        genre=["high", "low"] * (n // 2),
        artist=[f"singer {i // 2}" for i in range(n)],
        clear=[i % 4 < 2 for i in range(n)],
        range_db=np.full(n, 80.0, np.float32),
    )
    labelled = [{"music": str(elsewhere), "repeat": 2, "disputed_trust": 0.5}]
    recipe = Recipe.from_dict({"network": SMALL, "training": TRAINING, "labelled": labelled})
    assert Recipe.from_dict(recipe.to_dict()) == recipe
    run = Run.open(tmp_path / "run")
    pipeline.prepare_data(run, str(music / "labelled.npz"))
    pipeline.train(run, recipe, report=lambda line: None)
    # By whatever path, and as a copy: the network that learnt it is never asked about it.
    copy = tmp_path / "copy.npz"
    copy.write_bytes(elsewhere.read_bytes())
    for place in (elsewhere, Path(os.path.relpath(elsewhere)), tmp_path / "run" / ".." / "copy.npz"):
        with pytest.raises(DataSetError, match="cross-validate"):
            pipeline.assess_world(run, str(place))
    pipeline.cross_validate_run(run, folds=2, report=lambda line: None)
    networks = networks_elsewhere(run)
    assert sorted(networks) == [f"song{i}" for i in range(n)]
    assert all(networks[f"song{i}"] == networks[f"song{i + 1}"] for i in range(0, n, 2))
    assert len(set(networks.values())) == 2
    evaluation = pipeline.assess(run, robustness=False, world=str(elsewhere))
    assert [part.n_answers for part in evaluation.calibration["clip"].by_data_set] == [16, n]
    found = pipeline.assess_world(run, str(elsewhere), robustness=True)
    assert "heard none of its artist" in found.everything.notes[0]
    assert found.everything.conditions[0].accuracy == found.everything.accuracy
    logits = dict(zip(found.everything.answers.names, found.everything.answers.clip_logits, strict=True))
    saved = [StepAnswers.load(path) for path in sorted((run.evaluation / "cross_validation" / "elsewhere").iterdir())]
    for part in saved:
        for name, mean in zip(part.names, part.answers().clip_logits, strict=True):
            np.testing.assert_allclose(logits[name], mean, atol=1e-5)


def test_labelled_clips_are_repeated_softened_where_disputed_and_left_out_by_name(music: Path) -> None:
    n = 4
    np.savez(music / "few.npz", mel=spectrograms(n, 3), name=list("abcd"), genre=["high", "low"] * 2,
             clear=[True, True, False, False], range_db=np.full(n, 80.0, np.float32))  # fmt: skip
    source = LabelledSource(str(music / "few.npz"), repeat=2, disputed_trust=0.6)
    log_mels, soft_labels = labelled_clips((source,), ("low", "high"), FrontEnd(), without={"b"})
    assert len(log_mels) == 6
    np.testing.assert_allclose(soft_labels, [[0, 1], [0.2, 0.8], [0.8, 0.2]] * 2)
    with pytest.raises(DataSetError, match="not one of the genres"):
        labelled_clips((source,), ("low", "middle"), FrontEnd())
    with pytest.raises(ParameterError, match="repeat"):
        LabelledSource("x.npz", repeat=0)
