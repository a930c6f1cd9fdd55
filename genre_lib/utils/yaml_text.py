"""YAML as people write it.

PyYAML follows YAML 1.1, to which ``1e-4`` is a word since it has no point; YAML 1.2 and everybody who sets a learning
rate mean a number.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from genre_lib.errors import ParameterError


class _Loader(yaml.SafeLoader):
    """The safe loader that also reads exponents without a point."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def parse_yaml(text: str) -> Any:
    """The value of a YAML text; yaml.YAMLError where it is none."""
    # A subclass of the safe loader.
    return yaml.load(text, Loader=_Loader)


def load_yaml(path: Path, what: str) -> Any:
    """Content of a YAML file.

    Parameters
    ----------
    path : Path
    what : str
        What the file is, for the error: "recipe", "sweep".

    Raises
    ------
    ParameterError
        It cannot be read, in one line that says where.
    """
    try:
        return parse_yaml(path.read_text("utf-8"))
    except OSError as error:
        raise ParameterError(f"The {what} {path} cannot be read ({error.strerror}): check the path.") from error
    except UnicodeDecodeError as error:
        raise ParameterError(f"The {what} {path} is no text in UTF-8: name a YAML file.") from error
    except yaml.YAMLError as error:
        raise ParameterError(f"The {what} {path} is not valid YAML ({' '.join(str(error).split())}).") from error
