"""What goes out to a peer: one track per kind that never ends and never raises.

A sender of aiortc whose track ends is finished for good, so mute, pause and camera switch happen
behind the track, and while there is nothing to send it simply waits.
"""

from aiortc import MediaStreamTrack

from device.media.sending.hub import VideoQueue
from device.media.sending.packet import Packet
from device.media.voice.sender import VoiceQueue


class VideoTrack(MediaStreamTrack):
    """The camera's packets for one peer; pts in 1/90000."""

    kind = "video"

    def __init__(self, queue: VideoQueue) -> None:
        super().__init__()
        self._queue = queue

    async def recv(self) -> Packet:
        return await self._queue.get()


class VoiceTrack(MediaStreamTrack):
    """The microphone's packets for one peer; pts in 1/48000."""

    kind = "audio"

    def __init__(self, queue: VoiceQueue) -> None:
        super().__init__()
        self._queue = queue

    async def recv(self) -> Packet:
        return await self._queue.get()
