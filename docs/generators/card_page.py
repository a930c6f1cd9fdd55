"""The reference of card.json, from the schema that every program validates it by."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from genre_lib.bundle.card import card_schema


def write_card_page(path: Path) -> None:
    """Write the page of the model card's schema."""
    schema = card_schema()
    parts = [
        "# The model card",
        schema["description"],
        "`genre model info --json` prints a bundle's card. In Python it is "
        "[`Card`](/reference/api/genre_lib/bundle/card/index.rst).",
        _table(schema),
    ]
    for name, definition in schema["$defs"].items():
        parts.append(f"## `{name}`\n\n{definition.get('description', '')}\n\n{_table(definition)}")
    parts.append("## Example\n\nThe card of the model that ships, shortened.\n\n```json\n" + _example() + "\n```")
    path.write_text("\n\n".join(parts) + "\n")


def fields_of(schema: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Name, schema and whether it is required of every field, those of nested objects with dots, of lists with []."""
    for name, value in schema.get("properties", {}).items():
        yield prefix + name, value, name in schema.get("required", ())
        yield from fields_of(value, f"{prefix}{name}.")
        yield from fields_of(value.get("items", {}), f"{prefix}{name}[].")


def _table(schema: dict[str, Any]) -> str:
    rows = [
        f"| `{name}` | {_type(value)} | {'yes' if required else 'no'} | {value.get('description', '')} |"
        for name, value, required in fields_of(schema)
    ]
    return "| field | type | required | |\n|---|---|---|---|\n" + "\n".join(rows)


def _type(value: dict[str, Any]) -> str:
    if "$ref" in value:
        name = value["$ref"].rsplit("/", 1)[-1]
        return f"[`{name}`](#{name.replace('_', '-')})"
    limits = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "minItems": "at least", "maxItems": "at most"}
    said = [f"{word} {value[key]}" for key, word in limits.items() if key in value]
    said += ["one of " + ", ".join(map(str, value["enum"]))] if "enum" in value else []
    if "items" in value:
        said.append(f"of {_type(value['items'])}")
    return " ".join([value.get("type", ""), *said]).strip()


def _example() -> str:
    from genre_lib.bundle.files import open_bundle

    values = open_bundle().card.to_dict()
    values["metrics"], values["files"] = values["metrics"][:1], dict(list(values["files"].items())[:1])
    values["training"] = {key: values["training"][key] for key in list(values["training"])[:3]}
    values["report"] = {}
    return json.dumps(values, indent=1, ensure_ascii=False)
