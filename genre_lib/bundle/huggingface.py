"""The model card as the README of a Hugging Face repository: a YAML head that its hub reads, and the card in words."""

from __future__ import annotations

from typing import Any

import yaml

from genre_lib.bundle.card import Card


def huggingface_readme(card: Card) -> str:
    """README.md for a repository that holds a bundle's files.

    Parameters
    ----------
    card : Card

    Returns
    -------
    str
        YAML between lines of ``---`` with licence, tags and a ``model-index`` of every metric, then Markdown.

    Examples
    --------
    >>> from genre_lib.bundle.files import read_card
    >>> from genre_lib.bundle.resources import pretrained_folder
    >>> huggingface_readme(read_card(pretrained_folder())).splitlines()[:2]
    ['---', 'license: mit']
    """
    head = yaml.safe_dump(_head(card), sort_keys=False, allow_unicode=True, width=120)
    return f"---\n{head}---\n\n{_body(card)}\n"


def _head(card: Card) -> dict[str, Any]:
    return {
        "license": card.licence.lower(),
        "library_name": "genre-lib",
        "pipeline_tag": "audio-classification",
        "tags": ["audio", "music", "genre-recognition", "keras", "tflite", "onnx", "tfjs"],
        "model-index": [{"name": f"{card.name} {card.version}", "results": _results(card)}],
    }


def _results(card: Card) -> list[dict[str, Any]]:
    """One entry for each data set and part, as the hub's leaderboards group them."""
    grouped: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for metric in card.metrics:
        grouped.setdefault((metric["data_set"], metric["split"]), []).append(metric)
    return [
        {
            "task": {"type": "audio-classification", "name": "Music genre recognition"},
            "dataset": {"type": data_set, "name": data_set, "split": split},
            "metrics": [_entry(metric) for metric in metrics],
        }
        for (data_set, split), metrics in grouped.items()
    ]


def _entry(metric: dict[str, Any]) -> dict[str, Any]:
    kind = "expected_calibration_error" if "ece" in metric["name"].split("_") else "accuracy"
    name = f"{metric['name']} (n = {metric['n']})"
    entry: dict[str, Any] = {"type": kind, "name": name, "value": round(float(metric["value"]), 4)}
    if "interval" in metric:
        low, high = metric["interval"]
        entry["args"] = {"interval_95_percent": [round(float(low), 4), round(float(high), 4)]}
    return entry


def _body(card: Card) -> str:
    rows = [f"| `{metric['name']}` | {_value(metric)} | {_place(metric)} | {metric['n']} |" for metric in card.metrics]
    parameters = card.training.get("parameters")
    size = f"{parameters:,} parameters; a" if parameters else "A"
    return "\n".join(
        [
            f"# {card.name} {card.version}",
            "",
            card.description,
            "",
            f"Genres: {', '.join(card.genres)}.",
            "",
            f"{size} step every {card.step_period_s:.2f} s hears the last {card.receptive_field_s:.1f} s of sound.",
            "",
            "## Use",
            "",
            "```python",
            "import genre_lib",
            "",
            'model = genre_lib.load_model("FOLDER")  # where this repository lies',
            'print(model.curve("song.mp3").answer())',
            "```",
            "",
            "`model.onnx` takes samples and needs no package but ONNX Runtime; `tfjs/` is for browsers.",
            "",
            "## Measured",
            "",
            "| metric | value (95 % interval) | data set, part | n |",
            "|---|---|---|---|",
            *rows,
            "",
            "## Limits",
            "",
            *(f"- {sentence}" for sentence in card.limits),
        ]
    )


def _value(metric: dict[str, Any]) -> str:
    text = f"{metric['value']:.3f}"
    return text + " ({:.3f} to {:.3f})".format(*metric["interval"]) if "interval" in metric else text


def _place(metric: dict[str, Any]) -> str:
    return f"{metric['data_set']}, {metric['split']}"
