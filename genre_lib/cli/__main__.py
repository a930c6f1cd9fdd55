"""`python -m genre_lib.cli`: the command `genre`."""

import sys

from genre_lib.cli import main

sys.exit(main())
