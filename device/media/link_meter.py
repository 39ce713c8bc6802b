"""What is measured of one link."""

from typing import Any

from device.media.picture.sync import PICTURE_CLOCK_HZ, VOICE_CLOCK_HZ
from device.media.rtc.incoming import IncomingMeter
from device.media.rtc.lean_sender import LeanSender
from device.media.rtc.senders import Sent, sent
from device.media.traffic import LinkTraffic


class LinkMeter:
    """Of its two transceivers and what sends in the place of their senders."""

    def __init__(
        self, voice: Any, video: Any, voice_sender: LeanSender, video_sender: LeanSender
    ) -> None:
        self.voice_in = IncomingMeter(voice.receiver, VOICE_CLOCK_HZ)
        self.video_in = IncomingMeter(video.receiver, PICTURE_CLOCK_HZ)
        self._voice = voice
        self._video = video
        self._voice_sender = voice_sender
        self._video_sender = video_sender

    def sent(self) -> tuple[Sent, Sent]:
        """The counters of voice and video."""
        return sent(self._voice.sender), sent(self._video.sender)

    @property
    def refused(self) -> int:
        """Packets that the kernel had no room for."""
        return self._voice_sender.refused + self._video_sender.refused

    def traffic(self) -> LinkTraffic:
        """At this moment. The voice is never paused, and so knows the round trip in every call."""
        voice_s, video_s = self._voice_sender.round_trip_s, self._video_sender.round_trip_s
        return LinkTraffic(
            self._voice_sender.sent_bps,
            self._video_sender.sent_bps,
            self.voice_in.received(),
            self.video_in.received(),
            video_s if voice_s is None else voice_s,
        )
