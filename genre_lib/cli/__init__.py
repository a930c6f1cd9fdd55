"""The command line: one module a command; arguments in, calls of the library, sentences out."""

from genre_lib.cli.main import main

__all__ = ["main"]
