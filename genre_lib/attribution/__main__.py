"""`python -m genre_lib.attribution SONG SECONDS BUNDLE FOLDER`: what `save_attribution` writes.

For a process without TensorFlow, such as the dashboard's, that wants an explanation.
"""

from __future__ import annotations

import sys

from genre_lib.attribution.at_time import attribute_at, save_attribution
from genre_lib.bundle.files import open_bundle
from genre_lib.errors import GenreLibError


def main() -> int:
    """Explain; on failure one sentence on standard output."""
    song, seconds, bundle, folder = sys.argv[1:]
    try:
        save_attribution(attribute_at(open_bundle(bundle), song, float(seconds)), folder)
    except GenreLibError as error:
        print(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
