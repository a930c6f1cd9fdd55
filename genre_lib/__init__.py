"""Live music genre recognition: a small network's belief over genres for every moment of a recording."""

from genre_lib.errors import GenreLibError
from genre_lib.model import GenreModel, load_model

__version__ = "0.1.0"

__all__ = ["GenreLibError", "GenreModel", "__version__", "load_model"]
