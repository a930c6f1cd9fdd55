"""The model card in words, for a terminal and for the README."""

from __future__ import annotations

from typing import Any

from genre_lib.bundle.belief_settings import BeliefSettings
from genre_lib.bundle.card import Card


def describe_card(card: Card) -> str:
    """A bundle's card as a page of plain text."""
    seconds = f"a step every {card.step_period_s:.2f} s, each hears {card.receptive_field_s:.1f} s"
    lines = [
        f"{card.name} {card.version}: {card.description}",
        "",
        f"genres     {', '.join(card.genres)}",
        f"network    {card.training.get('parameters', '?'):,} parameters; {seconds}",
        f"trained    {trained_words(card.training)}",
        f"licence    {card.licence}",
        "",
        "measured",
        *(f"  {_metric(metric)}" for metric in card.metrics),
        "",
        "calibration       step  smoothed  clip",
        *_calibration(card),
        *_belief(card.belief),
        *_per_genre(card.report),
        *(line for part in card.report.get("world", []) for line in _per_genre(part)),
        *_confusion(card),
        "",
        "limits",
        *(f"  - {sentence}" for sentence in card.limits),
        "",
        "made with  " + ", ".join(f"{name} {version}" for name, version in card.versions.items()),
        f"files      {len(card.files)}, {sum(entry.size for entry in card.files.values()) / 1e6:.1f} MB",
    ]
    return "\n".join(lines)


def trained_words(training: dict[str, Any]) -> str:
    """What a network was trained on, or its genres were taught with.

    Examples
    --------
    >>> trained_words({"data_set": "dances", "taught_on": {"salsa": 3}, "trained_on": "taught on frozen features"})
    'dances (3 salsa), taught on frozen features'
    """
    parts = training.get("tracks_by_split") or training.get("taught_on") or {}
    counts = ", ".join(f"{n} {part}" for part, n in parts.items())
    said = f"{training.get('data_set', '?')} ({counts or '?'}), {training.get('trained_on', '?')}"
    return f"{said}, seed {training['seed']}" if "seed" in training else said


def _metric(metric: dict[str, Any]) -> str:
    value = f"{metric['value']:.3f}"
    if "interval" in metric:
        value += " ({:.3f} to {:.3f})".format(*metric["interval"])
    note = f" [{metric['note']}]" if metric.get("note") else ""
    return f"{metric['name']:<26} {value:<24} {metric['data_set']}, {metric['split']}, n = {metric['n']}{note}"


def _calibration(card: Card) -> list[str]:
    used = card.by_size or card
    spans = [_by_span("temperature", used.temperatures), _by_span("unsure below", used.unsure_below)]
    if card.by_size is not None:
        spans.append(f"  of logits that are divided by their size, at least {card.by_size.least_size:g}")
    return spans


def _by_span(name: str, values: Any) -> str:
    return f"  {name:<14} {values.step:6.2f}  {values.smoothed:8.2f}  {values.clip:4.2f}"


def _belief(belief: BeliefSettings | None) -> list[str]:
    if belief is None:
        return []
    return [
        "",
        "belief                live   file",
        f"  evidence weight  {belief.evidence_weight.live:7.3f}{belief.evidence_weight.file:7.3f}",
        f"  temperature      {belief.temperatures.live:7.2f}{belief.temperatures.file:7.2f}",
        *([f"  newest step      {belief.newest.weight:7.2f}"] if belief.newest else []),
        f"  named from       {belief.named_from.live:7.2f}{belief.named_from.file:7.2f}",
        f"  a genre lasts {belief.mean_duration_s:.1f} s, in {belief.stages} stages; settled after {belief.lag_s:g} s",
    ]


def _per_genre(report: dict[str, Any]) -> list[str]:
    scores = report.get("per_genre", [])
    if not scores:
        return []
    lines = ["", f"by genre ({report['data_set']}, {report['split']})", f"{'precision':>36}  recall      n"]
    for score in scores:
        precision, recall = (_share(score[name]) for name in ("precision", "recall"))
        lines.append(f"  {score['genre']:<24} {precision:>9}  {recall:>6}  {score['n_clips']:>5}")
    return lines


def _confusion(card: Card) -> list[str]:
    rows = card.report.get("confusion", [])
    if not rows:
        return []
    names = [genre[:5] for genre in card.genres]
    lines = [
        "",
        "confusion (row: the right genre; column: the one named)",
        " " * 10 + " ".join(f"{n:>5}" for n in names),
    ]
    for genre, row in zip(card.genres, rows, strict=True):
        lines.append(f"  {genre[:7]:<8}" + " ".join(f"{count or '.':>5}" for count in row))
    return lines


def _share(estimate: dict[str, Any] | None) -> str:
    return "-" if estimate is None else f"{estimate['value']:.2f}"
