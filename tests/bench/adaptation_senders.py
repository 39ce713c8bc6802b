"""Who sends through the bottleneck: a unit with a busy picture, or a Chromium with one."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from playwright.async_api import Browser, Page

from device.session.values import Signal, SignalKind
from hal import VideoFormat
from hal.camera.picture import PictureKind
from tests.bench.relay import Relay
from tests.media.world import Station

HEADER_BYTES = 28
"""RTP header and extension."""


class Sender(Protocol):
    uid: str

    async def call(self, receiver: Station, relay: Relay) -> None:
        """Make a link to it, this end being near."""

    async def bytes_sent(self) -> int:
        """Of RTP so far, voice and video, retransmissions included where they are counted."""

    async def close(self) -> None: ...


@dataclass
class Told:
    """The other station of a station."""

    tell: Callable[[Signal], None]
    rewrite: Callable[[str], str]

    def receive(self, signal: Signal) -> None:
        self.tell(replace(signal, body=self.rewrite(signal.body)))


class UnitSender:
    uid = "door"

    def __init__(self, ceiling_bps: int) -> None:
        self._station = Station(self.uid, 440, VideoFormat(bitrate_bps=ceiling_bps))
        self._station.camera.picture = PictureKind.BUSY

    async def call(self, receiver: Station, relay: Relay) -> None:
        station = self._station
        await station.open()
        station.others = {receiver.uid: Told(receiver.receive, relay.to_far)}  # type: ignore[dict-item]
        receiver.others = {self.uid: Told(station.receive, relay.to_near)}  # type: ignore[dict-item]
        await receiver.connect(self.uid, offer=False)
        await station.connect(receiver.uid, offer=True)

    async def bytes_sent(self) -> int:
        (peer,) = self._station.engine.statistics().peers.values()
        packets = peer.video_packets_sent + peer.voice_packets_sent
        return peer.video_octets_sent + peer.voice_octets_sent + HEADER_BYTES * packets

    async def close(self) -> None:
        await self._station.close()


OFFER = """
async (bps) => {
  const noise = new OffscreenCanvas(1536, 976), pen = noise.getContext("2d");
  for (let y = 0; y < 976; y += 4) for (let x = 0; x < 1536; x += 4) {
    pen.fillStyle = `hsl(210 20% ${35 + Math.random() * 12}%)`;
    pen.fillRect(x, y, 4, 4);
  }
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [1280, 720];
  const screen = canvas.getContext("2d");
  setInterval(() => screen.drawImage(noise, -Math.random() * 256, -Math.random() * 256), 33);
  const context = new AudioContext({ sampleRate: 48000 });
  const tone = new OscillatorNode(context, { frequency: 440 });
  const gain = new GainNode(context, { gain: 0.25 });
  const sound = context.createMediaStreamDestination();
  tone.connect(gain).connect(sound);
  tone.start();
  const pc = (window.pc = new RTCPeerConnection());
  const [video] = canvas.captureStream(30).getVideoTracks();
  pc.addTrack(sound.stream.getAudioTracks()[0], sound.stream);
  const sender = pc.addTransceiver(video, { streams: [sound.stream] });
  sender.setCodecPreferences(
    RTCRtpReceiver.getCapabilities("video").codecs.filter((codec) =>
      ["video/H264", "video/VP8", "video/rtx"].includes(codec.mimeType)));
  await pc.setLocalDescription();
  const parameters = sender.sender.getParameters();
  parameters.encodings[0].maxBitrate = bps;
  await sender.sender.setParameters(parameters);
  while (pc.iceGatheringState !== "complete") await new Promise((done) => setTimeout(done, 20));
  return pc.localDescription.sdp;
}
"""
SENT = """
async () => {
  let sent = 0;
  for (const report of (await window.pc.getStats()).values())
    if (report.type === "outbound-rtp") sent += report.bytesSent + report.headerBytesSent;
  return sent;
}
"""


class ChromiumSender:
    uid = "browser"

    def __init__(self, page: Page, ceiling_bps: int) -> None:
        self._page = page
        self._ceiling_bps = ceiling_bps

    @classmethod
    async def open(cls, browser: Browser, ceiling_bps: int) -> "ChromiumSender":
        return cls(await (await browser.new_context()).new_page(), ceiling_bps)

    async def call(self, receiver: Station, relay: Relay) -> None:
        answers: list[Signal] = []
        receiver.others = {self.uid: Told(answers.append, relay.to_near)}  # type: ignore[dict-item]
        await receiver.connect(self.uid, offer=False)
        offer: Any = await self._page.evaluate(OFFER, self._ceiling_bps)
        await receiver.engine.deliver_signal(
            Signal(self.uid, "link", SignalKind.OFFER, relay.to_far(offer))
        )
        answer = next(one.body for one in answers if one.kind is SignalKind.ANSWER)
        await self._page.evaluate(
            "(sdp) => window.pc.setRemoteDescription({ type: 'answer', sdp })", answer
        )

    async def bytes_sent(self) -> int:
        return int(await self._page.evaluate(SENT))

    async def close(self) -> None:
        await self._page.close()
