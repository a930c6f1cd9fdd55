"""Which processes of this machine run."""

from __future__ import annotations


def is_alive(process_id: int) -> bool:
    """Whether a process of this machine runs."""
    return process_began(process_id) is not None


def process_began(process_id: int) -> float | None:
    """When a process of this machine began [s since 1970]; None where there is none of that number."""
    import psutil

    try:
        return float(psutil.Process(process_id).create_time())
    except psutil.NoSuchProcess:
        return None
