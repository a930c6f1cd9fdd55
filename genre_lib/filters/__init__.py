"""Filters: for every neuron of a network, the moments of a data set that excite it most, to hear and to see."""

from genre_lib.filters.ear import Ear
from genre_lib.filters.firing import Firing, open_ear, strongest
from genre_lib.filters.layers import NeuronLayer, find_voices
from genre_lib.filters.record import Excerpt, Filters, Neuron
from genre_lib.filters.search import find_filters

__all__ = [
    "Ear",
    "Excerpt",
    "Filters",
    "Firing",
    "Neuron",
    "NeuronLayer",
    "find_filters",
    "find_voices",
    "open_ear",
    "strongest",
]
