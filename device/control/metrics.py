"""A unit's reading in the text format of Prometheus (version 0.0.4). Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from device.control.readings import MediaReading, PeerTraffic, UnitReading
from device.session.snapshot import Link
from device.session.table import Phase

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Labels = dict[str, str]


@dataclass(slots=True)
class _Family:
    """One metric: its name without ``callbox_``, with its unit in Prometheus's manner."""

    name: str
    words: str
    kind: str = "gauge"
    samples: list[tuple[Labels, float | None]] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        given = [(labels, value) for labels, value in self.samples if value is not None]
        if not given:
            return
        yield f"# HELP callbox_{self.name} {self.words}"
        yield f"# TYPE callbox_{self.name} {self.kind}"
        for labels, value in given:
            inner = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
            yield (
                f"callbox_{self.name}{{{inner}}} {value:.10g}"
                if inner
                else (f"callbox_{self.name} {value:.10g}")
            )


def metrics_text(unit: UnitReading) -> str:
    """All that is known; what is not known is left out."""
    families = [*_of_unit(unit), *_of_call(unit)]
    if unit.media is not None:
        families += [*_of_media(unit.media), *_of_peers(unit.media.peers)]
    return "".join(f"{line}\n" for family in families for line in family.lines())


def _of_unit(unit: UnitReading) -> Iterator[_Family]:
    process, board = unit.process, unit.board
    yield _one(
        "build_info", "Always 1; its label says which version runs.", 1, version=unit.version
    )
    yield _one("uptime_seconds", "Since the unit was started.", process.uptime_s)
    yield _total("process_cpu_seconds_total", "Processor time of the unit.", process.cpu_s)
    yield _one("process_resident_memory_bytes", "Memory of the unit.", process.memory_bytes)
    yield _one("board_temperature_celsius", "Of the board.", board.temperature_c)
    yield _one("board_memory_available_bytes", "Of the board.", board.memory_available_bytes)
    bits = "As get_throttled of the firmware; from bit 16 on since the unit was started."
    yield _one("board_throttled_bits", bits, board.throttled_bits)


def _of_call(unit: UnitReading) -> Iterator[_Family]:
    call = unit.call
    yield _one("in_call", "1 while the unit is in a session.", call is not None)
    if call is None:
        return
    is_up = call.phase is Phase.ACTIVE
    yield _one("exchange_connected", "1 while the exchange is heard in a call.", is_up)
    yield _one("participants", "In the session, this unit included.", 1 + len(call.peers))
    yield _one("microphone_muted", "1 while muted.", call.is_muted)
    yield _one("camera_open", "1 while the camera is open.", call.camera is not None)
    links = _Family("link_up", "1 while the link to a peer carries media.")
    links.samples = [({"peer": peer.uid}, peer.link is Link.UP) for peer in call.peers]
    yield links


def _of_media(media: MediaReading) -> Iterator[_Family]:
    yield _total("video_frames_encoded_total", "In this call.", media.frames_encoded)
    yield _total("video_keyframes_total", "In this call.", media.keyframes)
    yield _one("video_bits_per_second", "What the encoder gives.", media.video_bps)
    yield _one("video_target_bits_per_second", "What it was asked for.", media.target_bps)
    yield _one("video_frame_rate_hertz", "What the camera was asked for.", media.frame_rate_hz)
    sound = media.sound
    yield _total("sound_underruns_total", "The loudspeaker ran empty.", sound.underruns)
    yield _total("sound_overruns_total", "Captured sound was fetched too late.", sound.overruns)
    yield _total("sound_blocks_dropped_total", "Captured, but too old.", sound.dropped_blocks)
    stages = _Family("stage_seconds", "How long a stage of the media takes, of late.")
    for stage in media.stages:
        for quantile, seconds in (("0.5", stage.p50_s), ("0.95", stage.p95_s)):
            stages.samples.append(({"stage": stage.stage, "quantile": quantile}, seconds))
    yield stages
    longest = _Family("stage_max_seconds", "The longest of this call.")
    longest.samples = [({"stage": stage.stage}, stage.max_s) for stage in media.stages]
    yield longest


def _of_peers(peers: tuple[PeerTraffic, ...]) -> Iterator[_Family]:
    sent = _Family("sent_bits_per_second", "To a peer, over the last second.")
    octets = _Family("sent_bytes_total", "To a peer, without what was sent again.", "counter")
    got = _Family("received_bits_per_second", "From a peer, over the last second.")
    jitter = _Family("received_jitter_seconds", "From a peer (RFC 3550).")
    lost = _Family("received_loss_ratio", "From a peer, over about the last second.")
    loss = _Family("sent_loss_ratio", "Of the video to a peer, by its last report.")
    trip = _Family("round_trip_seconds", "To a peer and back.")
    takes = _Family("network_bits_per_second", "What the network to a peer takes.")
    played = _Family("voice_samples_played_total", "Of a peer, at 48 kHz.", "counter")
    hidden = _Family("voice_samples_concealed_total", "Of a peer, at 48 kHz.", "counter")
    frozen = _Family("video_freezes_total", "Of a peer's picture.", "counter")
    for peer in peers:
        own = {"peer": peer.uid}
        for kind, bps, count, stream in (
            ("video", peer.video_sent_bps, peer.video_octets_sent, peer.video),
            ("voice", peer.voice_sent_bps, peer.voice_octets_sent, peer.voice),
        ):
            labels = {**own, "kind": kind}
            sent.samples.append((labels, bps))
            octets.samples.append((labels, count))
            got.samples.append((labels, stream.bps))
            jitter.samples.append((labels, stream.jitter_s))
            lost.samples.append((labels, stream.loss_fraction))
        loss.samples.append((own, peer.loss_fraction))
        trip.samples.append((own, peer.round_trip_s))
        takes.samples.append((own, peer.takes_bps))
        played.samples.append((own, peer.voice_samples_played))
        hidden.samples.append((own, peer.voice_samples_concealed))
        frozen.samples.append((own, peer.freezes))
    yield from (sent, octets, got, jitter, lost, loss, trip, takes, played, hidden, frozen)


def _one(name: str, words: str, value: float | None, **labels: str) -> _Family:
    return _Family(name, words, "gauge", [(labels, value)])


def _total(name: str, words: str, value: float) -> _Family:
    return _Family(name, words, "counter", [({}, value)])


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
