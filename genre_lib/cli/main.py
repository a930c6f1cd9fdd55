"""The command `genre`: parses the arguments, runs one command, and turns its errors into sentences.

Exit status: 0 all worked; 1 some files failed or an operation could not be done; 2 wrong usage.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Sequence

from genre_lib.cli import (
    dashboard,
    data,
    embed,
    evaluate,
    explain,
    filters,
    live,
    model,
    notebooks,
    playlist,
    predict,
    run,
    sweep,
    tag,
    teach,
    web,
)
from genre_lib.cli.options import say_error
from genre_lib.cli.parsing import CommandParser
from genre_lib.errors import GenreLibError, MissingDependencyError, ParameterError
from genre_lib.utils.extras import missing_extra

# In the order of `genre --help`.
_COMMANDS = (
    predict,
    live,
    tag,
    playlist,
    dashboard,
    web,
    run,
    sweep,
    notebooks,
    data,
    evaluate,
    model,
    teach,
    embed,
    filters,
    explain,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    options = command_parser().parse_all(arguments)
    try:
        return int(options.run(options))
    except ModuleNotFoundError as error:
        return _complain(missing_extra(error) or error, options.debug, status=1)
    except ParameterError as error:
        return _complain(error, options.debug, status=2)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader (such as `head`) has seen enough; closing keeps Python from complaining at exit.
        sys.stderr.close()
        return 0
    except Exception as error:
        return _complain(error, options.debug, status=1)


def command_parser() -> CommandParser:
    """The parser of all commands; documentation and tests read it too."""
    parser = CommandParser(prog="genre", description="Live music genre recognition.")
    parser.add_argument("--version", action="version", version=_version())
    parser.set_defaults(debug=False)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in _COMMANDS:
        command.add(commands)
    return parser


def _version() -> str:
    import genre_lib

    return f"genre {genre_lib.__version__}"


def _complain(error: Exception, debug: bool, *, status: int) -> int:
    if debug:
        raise error
    if isinstance(error, GenreLibError | MissingDependencyError):
        say_error(str(error))
    elif isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        where = f" at {error.filename}" if error.filename else ""
        say_error(f"There is no space{where} ({error.strerror}): free some and run the same command again.")
    else:
        say_error(f"unexpected {type(error).__name__}: {error} (--debug shows where)")
    return status
