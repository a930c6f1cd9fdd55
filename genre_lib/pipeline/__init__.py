"""What the notebooks call: one function for each thing they show, working on a run folder."""

from genre_lib.pipeline.assess import Assessment, assess, cross_validate, demonstrate_leak
from genre_lib.pipeline.prepare import prepare_data, prepared
from genre_lib.pipeline.publish import publish
from genre_lib.pipeline.train import train, trained

__all__ = [
    "Assessment",
    "assess",
    "cross_validate",
    "demonstrate_leak",
    "prepare_data",
    "prepared",
    "publish",
    "train",
    "trained",
]
