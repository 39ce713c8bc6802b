"""What waits to be sent to one peer."""

import logging
from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol

from device.media.sending.frame import MediaFrame
from device.media.sending.keyframes import KeyframeGate

logger = logging.getLogger(__name__)

VIDEO_S = 0.5
"""So long a frame may wait, however many a second there are. A peer further behind is sent nothing until
the next keyframe."""
ASK_AGAIN_S = 2.0
"""Between the keyframes that a queue asks for. They go to everybody: each time the peer falls behind
soon after one the queue waits twice as long for the next, up to ASK_LONGEST_S."""
ASK_LONGEST_S = 8.0
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
    """Shut until the link is up; opens with a keyframe. In the event loop; ``now_s`` gives the time."""

    def __init__(self, gate: KeyframeGate, now_s: Callable[[], float]) -> None:
        self._gate = gate
        self._now_s = now_s
        self._frames: deque[MediaFrame] = deque()
        self._leaving: MediaFrame | None = None
        self._wake: Callable[[], None] = lambda: None
        self._is_open = False
        self._needs_keyframe = True
        self._asked_s = float("-inf")
        self._again_s = ASK_AGAIN_S
        self.dropped = 0
        """Frames that the peer was too far behind for, or that only come before a keyframe."""
        self.turns = 0
        """How often the sender has come for the next frame."""

    @property
    def is_open(self) -> bool:
        return self._is_open

    def open(self) -> None:
        """The link is up: from the next keyframe on, which is asked for at once."""
        if not self._is_open:
            self._is_open = True
            self._needs_keyframe = True
            self._asked_s = self._now_s()
            self._gate.ask(at_once=True)

    def put(self, frame: MediaFrame) -> None:
        """Never blocks; a queue that is too long is emptied, and waits for the next keyframe."""
        if not self._is_open:
            return
        if self._frames and frame.ready_s - self._frames[0].ready_s >= VIDEO_S:
            self.dropped += len(self._frames)
            self.clear()
        if frame.is_keyframe or not self._needs_keyframe:
            self._needs_keyframe = False
            self._frames.append(frame)
        else:
            self.dropped += 1
        self._wake()

    def clear(self) -> None:
        """Forget what is queued: the camera was closed, or the link is broken."""
        self._frames.clear()
        self._needs_keyframe = True

    def wake(self, callback: Callable[[], None]) -> None:
        self._wake = callback

    def take(self) -> MediaFrame | None:
        """The next one, once the one before has left. With nothing left to send there is room for the
        keyframe that is needed; before, it would only wait as well."""
        self.turns += 1
        self._leaving = self._frames.popleft() if self._frames else None
        if self._leaving is None and self._needs_keyframe:
            self._ask()
        return self._leaving

    def on_keyframe_wanted(self) -> None:
        """The peer cannot decode. If a keyframe is on its way to it, or the queue waits for one itself,
        that is the answer."""
        on_their_way = (self._leaving, *self._frames)
        if not self._needs_keyframe and not any(each and each.is_keyframe for each in on_their_way):
            self._gate.ask()

    def _ask(self) -> None:
        now_s = self._now_s()
        since_s = now_s - self._asked_s
        if since_s >= self._again_s:
            is_soon = since_s < 2 * self._again_s
            self._again_s = min(2 * self._again_s, ASK_LONGEST_S) if is_soon else ASK_AGAIN_S
            self._asked_s = now_s
            self._gate.ask()


class VoiceQueue:
    """Shut until the link is up."""

    def __init__(self) -> None:
        self._frames: deque[MediaFrame] = deque(maxlen=VOICE_PACKETS)
        self._wake: Callable[[], None] = lambda: None
        self._is_open = False
        self.dropped = 0
        """Packets that were too late."""

    def open(self) -> None:
        """The link is up."""
        self._is_open = True

    def put(self, frame: MediaFrame) -> None:
        """Never blocks."""
        if self._is_open:
            self.dropped += len(self._frames) == VOICE_PACKETS
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
