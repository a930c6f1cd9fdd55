"""Data sets: tables of tracks from GTZAN, folders, manifests, synthetic songs or ready spectrograms."""

from genre_lib.datasets.checking import DataSetReport, check_data_set
from genre_lib.datasets.feature_file import TaggedFeatures, load_tagged_features
from genre_lib.datasets.features import Features, load_features
from genre_lib.datasets.gtzan import published_artist_folds
from genre_lib.datasets.opening import open_data_set
from genre_lib.datasets.table import DataSet, Track

__all__ = [
    "DataSet",
    "DataSetReport",
    "Features",
    "TaggedFeatures",
    "Track",
    "check_data_set",
    "load_features",
    "load_tagged_features",
    "open_data_set",
    "published_artist_folds",
]
