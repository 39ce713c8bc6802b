"""A unit on one screen, as plain lines."""

from collections.abc import Iterator

from device.cli.printing import Colour, duration, kbps, ms, painted, printable
from device.control.readings import (
    CallReading,
    MediaReading,
    PeerReading,
    PhoneReading,
    UnitReading,
)
from device.phone.table import Phase as PhonePhase
from device.phone.values import PhoneCall
from device.session.snapshot import Link
from device.session.table import Phase

MIB = 1024 * 1024
PHASES = {
    Phase.IDLE: "starting",
    Phase.CONNECTING: "joining",
    Phase.ACTIVE: "in the session",
    Phase.RECONNECTING: "the exchange is lost, trying again",
    Phase.ENDING: "leaving",
    Phase.ENDED: "over",
}
PHONE_PHASES = {
    PhonePhase.IDLE: "idle",
    PhonePhase.RINGING: "it rings",
    PhonePhase.CALLING: "calling",
    PhonePhase.ANSWERING: "answering",
    PhonePhase.IN_CALL: "in a call",
}
LINKS = {Link.CONNECTING: "connecting", Link.UP: "connected", Link.LOST: "link lost"}


def unit_lines(unit: UnitReading) -> Iterator[str]:
    """The unit, its call, its board."""
    process, board = unit.process, unit.board
    yield _row(
        "unit", f"callbox {unit.version}, up {duration(process.uptime_s)}, pid {process.pid}"
    )
    yield _row("exchange", unit.exchange)
    if unit.phone is not None:
        yield from phone_lines(unit.phone)
    if unit.call is None:
        joins = f"none ({unit.session} is what it joins)" if unit.session else "none"
        yield _row("call", painted(joins, Colour.YELLOW if unit.session else Colour.GREEN))
    else:
        yield from call_lines(unit.call, unit.media)
    if unit.last_word:
        yield _row("last said", unit.last_word)
    heat = "" if board.temperature_c is None else f", {board.temperature_c:.0f} °C"
    yield _row("board", f"{board.model}{heat}, {process.memory_bytes // MIB} MiB used by callbox")


def phone_lines(phone: PhoneReading) -> Iterator[str]:
    """Who rings, who is called, and what keeps it from ringing."""
    notes = [] if phone.is_line_up else [painted("the exchange is lost", Colour.RED)]
    if phone.do_not_disturb:
        notes.append(painted("not to be disturbed", Colour.YELLOW))
    yield _row("phone", ", ".join([PHONE_PHASES[phone.phase], *notes]))
    for call in phone.ringing:
        yield _row("rings", _phone_call(call))
    if phone.call is not None:
        yield _row("other end", _phone_call(phone.call))


def _phone_call(call: PhoneCall) -> str:
    kind = "audio" if call.is_audio_only else "video"
    return f"{printable(call.name)} ({kind})"


def call_lines(call: CallReading, media: MediaReading | None = None) -> Iterator[str]:
    """A call, and who is in it."""
    colour = Colour.GREEN if call.phase is Phase.ACTIVE else Colour.YELLOW
    kind = "audio" if call.is_audio_only else "video"
    yield _row("call", f"{painted(PHASES[call.phase], colour)}: {call.session} ({kind})")
    yield _row("microphone", painted("muted", Colour.YELLOW) if call.is_muted else "on")
    yield _row("camera", _camera(call, media))
    yield _row("route", call.route.value if call.route else painted("no sound", Colour.RED))
    if call.is_pip:
        yield _row("screen", "small, over what else is shown (PiP)")
    if call.is_recording:
        yield _row("recording", painted("running", Colour.RED))
    if call.video_requested_by:
        yield _row("video", f"{call.video_requested_by} asks for a video call")
    if not call.peers:
        alone = "nobody else"
        left = "" if call.idle_s is None else f"; ends in {duration(call.idle_s)} if nobody comes"
        yield _row("with", alone + left)
    for peer in call.peers:
        yield _row("with", _peer(peer, media))


def _camera(call: CallReading, media: MediaReading | None) -> str:
    if call.camera_failed:
        return painted("lost; `callbox camera on` tries again, `callbox doctor` looks", Colour.RED)
    if call.camera is None:
        return painted("closed", Colour.YELLOW)
    if media is None:
        return call.camera.value
    return f"{call.camera.value}, {media.frame_rate_hz} pictures a second, {kbps(media.video_bps)}"


def _peer(peer: PeerReading, media: MediaReading | None) -> str:
    notes = [LINKS[peer.link]]
    if peer.is_muted:
        notes.append("muted")
    if peer.is_paused:
        notes.append("no video")
    traffic = {one.uid: one for one in media.peers}.get(peer.uid) if media else None
    if traffic is not None:
        notes.append(f"round trip {ms(traffic.round_trip_s)}")
        notes.append(f"loss {traffic.loss_fraction:.1%}")
    return f"{printable(peer.name)} ({', '.join(notes)})"


def _row(name: str, words: str) -> str:
    return f"{name:<12}{words}"
