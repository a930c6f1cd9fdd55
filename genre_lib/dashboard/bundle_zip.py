"""A bundle as one file to take home: unpacked, or dropped on the page as it is, it is the bundle again."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from genre_lib.bundle.files import read_card


def bundle_zip(bundle: Path) -> tuple[str, bytes]:
    """Name and content of a zip that holds the bundle's folder.

    Parameters
    ----------
    bundle : Path

    Raises
    ------
    BundleError
        It is none.
    """
    card = read_card(bundle)
    name = "-".join(f"{card.name} {card.version}".split())
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(path for path in bundle.rglob("*") if path.is_file()):
            packed.write(path, f"{name}/{path.relative_to(bundle).as_posix()}")
    return f"{name}.zip", content.getvalue()
