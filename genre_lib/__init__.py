"""Live music genre recognition: a small network's belief over genres for every moment of a recording."""

__version__ = "0.1.0"
