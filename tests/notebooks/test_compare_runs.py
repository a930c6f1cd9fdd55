"""Comparing runs: real differences are called so, noise is not, and the notebook shows both."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from genre_lib.errors import RunError
from genre_lib.evaluation.scores import evaluate
from genre_lib.runs import comparison

GENRES = ("low", "high")
N_FOLDS, CLIPS = 5, 24


def write_run(folder: Path, parameters: dict, accuracy: float, *, evaluated: bool = True) -> None:
    """A run folder such as the notebooks leave: `accuracy` of the clips of its fold are right."""
    fold, seed = parameters.get("fold", 0), parameters.get("seed", 0)
    rng = np.random.default_rng((fold, seed, round(1000 * accuracy)))
    # Which clips are hard depends on the fold alone: that is what pairing takes out.
    hardness = np.random.default_rng(fold).permutation(CLIPS) / CLIPS
    right = hardness + rng.normal(0, 0.02, CLIPS) < accuracy
    record = {"state": "done", "parameters": {"01_prepare_data": {}, "02_train": parameters}, "pipeline": []}
    (folder / "evaluation").mkdir(parents=True)
    (folder / "training").mkdir()
    (folder / "run.json").write_text(json.dumps(record))
    metrics = {"02_train": {"valid_accuracy": float(right.mean()), "valid_loss": 1 - accuracy, "epochs": 3}}
    (folder / "metrics.json").write_text(json.dumps(metrics))
    history = [{"loss": 1 / e, "valid_loss": 1.2 / e, "valid_accuracy": accuracy, "seconds": 1.0} for e in (1, 2, 3)]
    (folder / "training" / "history.json").write_text(json.dumps(history))
    if evaluated:
        labels = np.arange(CLIPS) % 2
        named = np.where(right, labels, 1 - labels)
        logits = [np.tile(np.eye(2)[genre] * 4.0, (6, 1)) for genre in named]
        evaluation = evaluate(
            logits,
            labels,
            genres=GENRES,
            data_set="made up",
            split="test",
            step_period_s=0.5,
            first_step_s=1.0,
            model="network",
            names=[f"fold {fold} clip {i}" for i in range(CLIPS)],
            groups=[f"fold {fold} band {i // 3}" for i in range(CLIPS)],
        )
        evaluation.save(folder / "evaluation" / "evaluation.json")


def write_sweep(folder: Path, accuracies: dict[str, float], *, evaluated: bool = True, seeds: int = 2) -> Path:
    for network, accuracy in accuracies.items():
        for fold in range(N_FOLDS):
            for seed in range(seeds):
                parameters = {"network": network, "fold": fold, "seed": seed}
                name = f"{network}-{fold}-{seed}"
                write_run(folder / name, parameters, accuracy - 0.05 * (fold % 2), evaluated=evaluated)
    return folder


@pytest.mark.parametrize("evaluated", [True, False])
def test_a_real_difference_is_called_so_and_noise_is_not(tmp_path: Path, evaluated: bool) -> None:
    accuracies = {"good": 0.8, "same": 0.79, "bad": 0.5}
    settings = comparison.settings_of(comparison.load_runs(write_sweep(tmp_path, accuracies, evaluated=evaluated)))
    assert [setting.name for setting in settings][-1] == "bad"
    assert {len(setting.runs) for setting in settings} == {10}
    verdicts = {d.other: d.real for d in comparison.differences(settings)}
    assert verdicts["bad"]
    assert list(verdicts.values()).count(False) == 1
    method = comparison.differences(settings)[0].difference.method
    assert ("paired bootstrap over 40 artist groups" in method) == evaluated
    assert ("paired t interval over 5 folds x 2 seeds" in method) != evaluated


def test_pairing_by_fold_sees_what_single_intervals_hide(tmp_path: Path) -> None:
    settings = comparison.settings_of(comparison.load_runs(write_sweep(tmp_path, {"a": 0.8, "b": 0.65})))
    best, other = settings
    assert best.score.low < other.score.high + 0.05
    (difference,) = comparison.differences(settings)
    assert difference.real
    assert set(difference.by_fold) == set(range(N_FOLDS))
    assert np.mean(list(difference.by_fold.values())) == pytest.approx(best.score.value - other.score.value)


def test_folds_that_are_missing_leave_the_rest_comparable(tmp_path: Path) -> None:
    import shutil

    folder = write_sweep(tmp_path, {"a": 0.9, "b": 0.5})
    shutil.rmtree(folder / "b-4-1")
    settings = comparison.settings_of(comparison.load_runs(folder))
    assert settings[1].pooled is None
    (difference,) = comparison.differences(settings)
    assert difference.real
    assert difference.difference.n == 9


def test_one_run_each_claims_nothing(tmp_path: Path) -> None:
    for network, accuracy in (("a", 0.9), ("b", 0.5)):
        write_run(tmp_path / network, {"network": network}, accuracy, evaluated=False)
    settings = comparison.settings_of(comparison.load_runs(tmp_path))
    (difference,) = comparison.differences(settings)
    assert not difference.real
    assert "spread not known" in difference.sentence()
    assert comparison.summary_of_comparison(settings)["settings"]["a"]["low"] is None


def test_the_overlap_of_training_parts_widens_the_interval(tmp_path: Path) -> None:
    settings = comparison.settings_of(comparison.load_runs(write_sweep(tmp_path, {"a": 0.8}, evaluated=False, seeds=1)))
    score = settings[0].score
    values = np.array([run.score for run in settings[0].runs])
    naive = 2.776 * values.std(ddof=1) / np.sqrt(N_FOLDS)
    assert score.high - score.value == pytest.approx(naive * np.sqrt(1 + N_FOLDS / (N_FOLDS - 1)), rel=1e-3)


def test_the_best_run_is_chosen_on_valid_within_the_best_setting(tmp_path: Path) -> None:
    folder = write_sweep(tmp_path, {"good": 0.8, "bad": 0.5})
    record = json.loads((folder / "bad-0-0" / "metrics.json").read_text())
    record["02_train"]["valid_accuracy"] = 1.0
    (folder / "bad-0-0" / "metrics.json").write_text(json.dumps(record))
    runs = comparison.load_runs(folder)
    best = comparison.best_run(runs)
    assert best.parameters["network"] == "good"
    assert best.valid_accuracy == max(run.valid_accuracy for run in runs if run.parameters["network"] == "good")
    unfinished = [dataclasses.replace(run, state="failed") for run in runs]
    with pytest.raises(RunError, match="None of these runs is done"):
        comparison.best_run(unfinished)


def test_a_folder_without_results_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="holds no run with results"):
        comparison.load_runs(tmp_path)


def test_the_table_sorts_and_keeps_names_harmless(tmp_path: Path) -> None:
    import pandas as pd

    frame = pd.DataFrame({"run": ["<b>&'", "b"], "accuracy": [0.5, None]})
    comparison.sortable(frame, tmp_path / "runs.html")
    text = (tmp_path / "runs.html").read_text()
    assert "<b>&" not in text
    assert "&lt;b&gt;&amp;" in text
    assert "data-value='null'" in text


@pytest.fixture
def random_search(tmp_path: Path) -> list[comparison.FinishedRun]:
    """30 runs, each a setting of its own."""
    rng = np.random.default_rng(0)
    for number in range(30):
        parameters = {
            "learning_rate": float(f"{10 ** rng.uniform(-4, -2):.4g}"),
            "batch_size": [4, 8, 16][number % 3],
            "recipe": f"data/recipes/{'small' if number % 2 else 'residual'}.yaml",
        }
        write_run(tmp_path / f"{number}", parameters, 0.5 + 0.4 * rng.random())
    return comparison.load_runs(tmp_path)


def test_parallel_axes_say_only_what_was_tried(random_search) -> None:
    figure = comparison.parallel_coordinates(random_search)
    axes = {axis.label: axis for axis in figure.data[0].dimensions}
    assert set(axes) == {"learning_rate (log)", "batch_size", "recipe", "accuracy"}
    rates = [run.parameters["learning_rate"] for run in random_search]
    assert 10 ** np.array(axes["learning_rate (log)"].values) == pytest.approx(rates)
    assert {"0.0002", "0.001", "0.005"} <= set(axes["learning_rate (log)"].ticktext)
    assert list(axes["batch_size"].ticktext) == ["4", "8", "16"]
    assert list(axes["batch_size"].tickvals) == [4, 8, 16]
    assert list(axes["recipe"].ticktext) == ["residual", "small"]


def test_figures_of_many_settings_name_the_best_and_stay_readable(random_search) -> None:
    settings = comparison.settings_of(random_search)
    overview, curves = comparison.settings_figure(settings), comparison.learning_curves(settings)
    assert list(overview.data[1].x) == [setting.score.value for setting in settings[:20]]
    assert max(len(line) for name in overview.data[1].y for line in name.split("<br>")) <= 40
    assert "best 20 of 30" in overview.layout.title.subtitle.text
    assert len(curves.data) == 30
    named = [line.name for line in curves.data if line.showlegend]
    assert sorted(named) == sorted(setting.name for setting in settings[:8])
    assert "best 8 of 30" in curves.layout.title.subtitle.text


@pytest.mark.slow
def test_a_press_on_a_head_sorts_by_it(tmp_path: Path) -> None:
    import pandas as pd
    from playwright.sync_api import sync_playwright

    from genre_lib.figures.files import find_browser

    frame = pd.DataFrame({"run": ["a", "b", "c"], "accuracy": [0.9, 0.1, 0.5]})
    comparison.sortable(frame, tmp_path / "runs.html")
    browser = find_browser()
    if browser is None:
        pytest.skip("needs a Chromium-like browser, and none was found")
    with sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"]).new_page()
        page.goto((tmp_path / "runs.html").as_uri())
        orders = []
        for _ in range(2):
            page.get_by_role("button", name="accuracy").click()
            orders.append(page.locator("tbody tr td:first-child").all_inner_texts())
    assert orders == [["b", "c", "a"], ["a", "c", "b"]]


@pytest.mark.slow
def test_the_notebook_shows_a_sweep_that_was_evaluated(tmp_path: Path) -> None:
    from genre_lib.runs.notebooks import execute

    folder = write_sweep(tmp_path / "sweep", {"good": 0.8, "same": 0.79, "bad": 0.5})
    out = tmp_path / "comparison"
    execute("06_compare_runs", out / "06.ipynb", {"runs": str(folder), "run_folder": str(out)})
    summary = json.loads((out / "metrics.json").read_text())["06_compare_runs"]
    assert [d["more_than_noise"] for d in summary["differences"]] == [False, True]
    assert (out / "figures" / "runs.html").exists()
    assert {path.stem for path in (out / "figures").glob("*.html")} == {"runs", "parallel", "curves", "settings"}


def test_seeds_of_one_split_are_paired_by_clip(tmp_path: Path) -> None:
    for network, accuracy in {"a": 0.8, "b": 0.5}.items():
        for seed in range(2):
            write_run(tmp_path / f"{network}-{seed}", {"network": network, "seed": seed}, accuracy)
    settings = comparison.settings_of(comparison.load_runs(tmp_path))
    assert all(setting.pooled is not None for setting in settings)
    (difference,) = comparison.differences(settings)
    assert "paired bootstrap" in difference.difference.method


def test_an_unset_seed_is_the_recipes(tmp_path: Path) -> None:
    write_run(tmp_path / "one", {"network": "a"}, 0.8)
    (tmp_path / "one" / "training" / "recipe.yaml").write_text("training:\n  seed: 3\n")
    write_run(tmp_path / "two", {"network": "a", "seed": 0}, 0.8)
    assert [run.seed for run in comparison.load_runs(tmp_path)] == [3, 0]


def test_no_interval_leaves_what_a_share_can_be(tmp_path: Path) -> None:
    for seed, accuracy in enumerate((0.7, 1.0)):
        write_run(tmp_path / f"good-{seed}", {"network": "good", "seed": seed}, accuracy, evaluated=False)
    for seed, accuracy in enumerate((0.0, 0.2)):
        write_run(tmp_path / f"bad-{seed}", {"network": "bad", "seed": seed}, accuracy, evaluated=False)
    settings = comparison.settings_of(comparison.load_runs(tmp_path))
    for setting in settings:
        assert 0 <= setting.score.low <= setting.score.value <= setting.score.high <= 1
    (difference,) = comparison.differences(settings)
    assert -1 <= difference.difference.low <= difference.difference.high <= 1


def test_settings_that_are_numbers_stand_side_by_side(tmp_path: Path) -> None:
    for rate, accuracy in ((0.001, 0.8), (0.005, 0.6)):
        write_run(tmp_path / f"rate-{rate}", {"learning_rate": rate}, accuracy)
    figure = comparison.settings_figure(comparison.settings_of(comparison.load_runs(tmp_path)))
    assert figure.layout.yaxis.type == "category"
    assert list(figure.data[1].y) == ["0.001", "0.005"]
