"""What waits to be sent to one peer."""

import logging
from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol

from device.media.sending.frame import MediaFrame
from device.media.sending.keyframes import KeyframeGate

logger = logging.getLogger(__name__)

VIDEO_FRAMES = 15
"""Half a second. A peer further behind is sent nothing until the next keyframe."""
VOICE_PACKETS = 10
"""200 ms; of a voice that is later than that the oldest is dropped."""


class SendQueue(Protocol):
    """As the sender of a link sees it."""

    def wake(self, callback: Callable[[], None]) -> None:
        """Call back, in the event loop, whenever there is something to take."""

    def take(self) -> MediaFrame | None:
        """The next one; None: there is nothing."""

    def clear(self) -> None:
        """Forget what is queued."""


class VideoQueue:
    """Shut until the link is up; opens with a keyframe."""

    def __init__(self, gate: KeyframeGate) -> None:
        self._gate = gate
        self._frames: deque[MediaFrame] = deque()
        self._wake: Callable[[], None] = lambda: None
        self._is_open = False
        self._needs_keyframe = True
        self.dropped = 0

    @property
    def is_open(self) -> bool:
        return self._is_open

    def open(self) -> None:
        """The link is up: from the next keyframe on, which is asked for at once."""
        if not self._is_open:
            self._is_open = True
            self._needs_keyframe = True
            self._gate.ask(at_once=True)

    def put(self, frame: MediaFrame) -> None:
        """Never blocks; a full queue is emptied, and waits for the next keyframe."""
        if not self._is_open or (self._needs_keyframe and not frame.is_keyframe):
            return
        if len(self._frames) >= VIDEO_FRAMES:
            self.dropped += len(self._frames)
            self._frames.clear()
            if not frame.is_keyframe:
                self.dropped += 1
                self._needs_keyframe = True
                self._gate.ask()
                return
        self._needs_keyframe = False
        self._frames.append(frame)
        self._wake()

    def clear(self) -> None:
        """Forget what is queued: the camera was closed."""
        self._frames.clear()
        self._needs_keyframe = True

    def wake(self, callback: Callable[[], None]) -> None:
        self._wake = callback

    def take(self) -> MediaFrame | None:
        return self._frames.popleft() if self._frames else None


class VoiceQueue:
    """Shut until the link is up."""

    def __init__(self) -> None:
        self._frames: deque[MediaFrame] = deque(maxlen=VOICE_PACKETS)
        self._wake: Callable[[], None] = lambda: None
        self._is_open = False

    def open(self) -> None:
        """The link is up."""
        self._is_open = True

    def put(self, frame: MediaFrame) -> None:
        """Never blocks."""
        if self._is_open:
            self._frames.append(frame)
            self._wake()

    def clear(self) -> None:
        self._frames.clear()

    def wake(self, callback: Callable[[], None]) -> None:
        self._wake = callback

    def take(self) -> MediaFrame | None:
        return self._frames.popleft() if self._frames else None


def put_in_each(queues: Iterable[VideoQueue | VoiceQueue], frame: MediaFrame) -> None:
    """Whatever goes wrong with one link, the others are sent the frame."""
    for queue in queues:
        try:
            queue.put(frame)
        except Exception:
            logger.exception("A link cannot send; what was queued for it is dropped")
            queue.clear()
