"""Every number of quality, from the card of the model that ships, and the README's few."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from genre_lib.bundle.card import Card
from genre_lib.bundle.files import read_card
from genre_lib.bundle.resources import pretrained_folder

README = Path(__file__).resolve().parents[2] / "README.md"
BEGIN, END = "<!-- numbers: python -m docs.generators.results -->", "<!-- end of numbers -->"

# What the README shows, by the card's names, in this order; what a card does not have is left out.
_SHOWN = {
    "cross_validation_accuracy": "GTZAN, artists never heard",
    "baseline_accuracy": "the same folds, the network of 2018",
    "world_accuracy": "other music, all clips",
    "world_clear_accuracy": "other music, clear labels",
    "world_baseline_accuracy": "other music, all clips, the network of 2018",
    "clip_time_right": "share of time at which the right genre leads",
    "medley_time_right": "the same in medleys of such clips",
}


def readme_table(card: Card) -> str:
    """The README's table of numbers, between its marks."""
    rows = []
    for name, words in _SHOWN.items():
        metric = next((entry for entry in card.metrics if entry["name"] == name), None)
        if metric is not None:
            rows.append(
                f"| {words} | **{percent(metric)}** | {metric['data_set']}, {metric['split']}; n = {metric['n']} |"
            )
    head = f"Model {card.name} {card.version} | right (95 % interval) | measured on"
    reports = [card.report, *card.report.get("world", [])[:1]]
    recalls = "; ".join(_recalls(report) for report in reports if report.get("per_genre"))
    return "\n".join(
        [BEGIN, f"| {head} |", "|---|---|---|", *rows, "", f"Right of each genre, worst first: {recalls}.", END]
    )


def _recalls(report: dict[str, Any]) -> str:
    """Recall by genre in words, of the worst three and the best one."""
    known = [(score["recall"]["value"], score["genre"]) for score in report["per_genre"] if score["recall"]]
    worst = sorted(known)
    shown = [*worst[:3], worst[-1]]
    listed = ", ".join(f"{genre} {100 * value:.0f} %" for value, genre in shown)
    return f"{report['data_set']} ({report['split']}) {listed.replace(', ' + shown[-1][1], ' ... ' + shown[-1][1])}"


def write_results(path: Path, card: Card) -> None:
    """Write a table of every metric of the card."""
    lines = ["| metric | value (95 % interval) | data set, part | n | |", "|---|---|---|---|---|"]
    for metric in card.metrics:
        place = f"{metric['data_set']}, {metric['split']}"
        lines.append(f"| `{metric['name']}` | {_number(metric)} | {place} | {metric['n']} | {metric.get('note', '')} |")
    path.write_text(f"Model {card.name} {card.version}.\n\n" + "\n".join(lines) + "\n")


def percent(metric: dict[str, Any]) -> str:
    """A share with its interval, in percent."""
    text = f"{100 * metric['value']:.1f} %"
    if "interval" in metric:
        low, high = metric["interval"]
        text += f" ({100 * low:.0f} to {100 * high:.0f})"
    return text


def _number(metric: dict[str, Any]) -> str:
    if not metric["name"].startswith("ece_") and not metric["name"].endswith(("_ece", "_ece_live")):
        return percent(metric)
    return f"{metric['value']:.3f}"


def update_readme() -> bool:
    """Put the card's numbers into the README; whether anything changed."""
    text = README.read_text()
    table = readme_table(read_card(pretrained_folder()))
    new = re.sub(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: table, text, flags=re.DOTALL)
    README.write_text(new)
    return new != text


if __name__ == "__main__":
    print("README.md has new numbers" if update_readme() else "README.md has the card's numbers")
    sys.exit(0)
