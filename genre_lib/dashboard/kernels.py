"""Kernels that rest when nobody uses them, but not at the moment when somebody comes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager


class SessionKernels(AsyncMappingKernelManager):
    """Counts a kernel's idle time from its visitor's arrival.

    Voilà spares heated kernels while they wait. One that waited for long would be idle for that long when a visitor
    gets it, and could be ended before the page had said its first word to it.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]
        self._visited: set[str] = set()

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """End a kernel that was idle for too long since it was first seen here, where heated ones never come."""
        if kernel_id not in self._visited:
            self._visited.add(kernel_id)
            self._kernels[kernel_id].last_activity = datetime.now(UTC)
        await super().cull_kernel_if_idle(kernel_id)  # type: ignore[no-untyped-call]
        self._visited.intersection_update(self._kernels)
