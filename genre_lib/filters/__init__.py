"""Filters: for every neuron of a network, the moments of a data set that excite it most, to hear and to see."""

from genre_lib.filters.activation_extractor import ActivationExtractor
from genre_lib.filters.active_units import ActiveUnit, open_extractor, strongest
from genre_lib.filters.layers import NeuronLayer, find_layer_outputs
from genre_lib.filters.record import Excerpt, Filters, Neuron
from genre_lib.filters.search import find_filters

__all__ = [
    "ActivationExtractor",
    "ActiveUnit",
    "Excerpt",
    "Filters",
    "Neuron",
    "NeuronLayer",
    "find_filters",
    "find_layer_outputs",
    "open_extractor",
    "strongest",
]
