"""The physical buttons of the unit, as facts for the call that is on."""

import asyncio
from collections.abc import Callable

from device.session.facts import ButtonReported
from hal import ButtonEdge, Buttons


class ButtonPanel:
    """Carries edges from gpiozero's thread to the event loop, in order."""

    def __init__(self, buttons: Buttons, on_button: Callable[[ButtonReported], None]) -> None:
        """``on_button`` is called in the event loop that is running at ``open``."""
        self._buttons = buttons
        self._on_button = on_button
        self._loop: asyncio.AbstractEventLoop | None = None

    def open(self) -> None:
        """Claim the buttons. Raises ButtonsUnavailable."""
        self._loop = asyncio.get_running_loop()
        self._buttons.open(self._on_edge)

    def close(self) -> None:
        """Free the buttons; what was pressed before and not yet delivered is dropped. Idempotent."""
        self._buttons.close()
        self._loop = None

    def _on_edge(self, edge: ButtonEdge) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._deliver, ButtonReported(edge.button, edge.edge))

    def _deliver(self, reported: ButtonReported) -> None:
        if self._loop is not None:
            self._on_button(reported)
