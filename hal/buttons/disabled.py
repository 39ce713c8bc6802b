"""A unit without buttons."""

from hal.buttons.protocol import EdgeSink


class DisabledButtons:
    """Claims no line and never reports an edge."""

    def open(self, on_edge: EdgeSink) -> None:
        """Nothing to claim."""

    def close(self) -> None:
        """Nothing to free."""
