"""The few errors of this project: each message is one sentence that says what to do."""


class GenreLibError(Exception):
    """Base class: anything a user can act on; the command line prints it without a traceback."""


class AudioError(GenreLibError):
    """A recording that cannot be used: not audio, empty, or too short."""


class UnreachableError(AudioError):
    """A recording that cannot be read now, for a reason outside of it that may be gone the next time."""


class DataSetError(GenreLibError):
    """A data set that cannot be found, read or split."""


class CacheError(GenreLibError):
    """Features that cannot be stored, such as on a full disk."""


class EvaluationError(GenreLibError):
    """Answers that cannot be scored or compared: of different clips, of unknown genres, or none at all."""


class BundleError(GenreLibError):
    """A model bundle that is unknown, damaged, or disagrees with its own golden values."""


class ParameterError(GenreLibError):
    """A parameter that is unknown or has an impossible value."""


class RunError(GenreLibError):
    """A run of notebooks that cannot start or did not finish."""


class TagError(GenreLibError):
    """A music file whose tags cannot be read, or not be written without harm."""


class MissingDependencyError(GenreLibError):
    """An optional package or program that this operation needs is not installed."""
