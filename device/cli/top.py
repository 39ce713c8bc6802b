"""``callbox top``: the call's media, live, on a terminal."""

import sys
import time
from collections.abc import Callable

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from device.cli.printing import duration, kbps, ms, printable, wants_colour
from device.cli.summary import PHASES
from device.control.readings import (
    MediaReading,
    PeerTraffic,
    ReceivedReading,
    SoundReading,
    UnitReading,
)


def top(look: Callable[[], UnitReading], every_s: float, once: bool) -> None:
    """Until interrupted; ``once``: after the first two looks, of which rates come."""
    console = Console(
        file=sys.stdout, no_color=not wants_colour(sys.stdout), highlight=False, soft_wrap=False
    )
    before = look()
    if once:
        time.sleep(every_s)
        console.print(screen(before, look()))
        return
    with Live(screen(before, before), console=console, screen=True, auto_refresh=False) as live:
        while True:
            time.sleep(every_s)
            now = look()
            live.update(screen(before, now), refresh=True)
            before = now


def screen(before: UnitReading, now: UnitReading) -> Group:
    """What is shown of two readings, the second of which is the newer."""
    parts: list[Text | Table] = [_head(before, now)]
    if now.call is not None and now.media is not None:
        names = {peer.uid: printable(peer.name) for peer in now.call.peers}
        parts += [_sending(now.media), _sound(now.media.sound)]
        parts.append(_peers(now.media, before.media, names))
        parts.append(_stages(now.media))
    elif now.last_word:
        parts.append(Text(now.last_word))
    return Group(*parts)


def _head(before: UnitReading, now: UnitReading) -> Text:
    passed_s = now.process.uptime_s - before.process.uptime_s
    used_s = now.process.cpu_s - before.process.cpu_s
    cpu = f"{used_s / passed_s:.0%} of a core" if passed_s > 0 else "?"
    heat = "?" if now.board.temperature_c is None else f"{now.board.temperature_c:.0f} °C"
    call = now.call
    state = "no call" if call is None else f"{PHASES[call.phase]}: {call.session}"
    return Text.assemble(
        ("callbox top  ", "bold"),
        (state, "green" if call is not None else "yellow"),
        f"   CPU {cpu}   {now.process.memory_bytes >> 20} MiB   {heat}"
        f"   up {duration(now.process.uptime_s)}",
    )


def _sending(media: MediaReading) -> Text:
    return Text(
        f"encoder {kbps(media.video_bps)} of {kbps(media.target_bps)}, "
        f"{media.frame_rate_hz} pictures a second, {media.keyframes} keyframes"
    )


def _sound(sound: SoundReading) -> Text:
    return Text(
        f"sound card: {sound.underruns} underruns, {sound.overruns} overruns, "
        f"{sound.dropped_blocks} blocks dropped"
    )


def _table(*columns: str) -> Table:
    """Where the screen is narrow the first column alone gives way."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(columns[0], justify="left", overflow="ellipsis")
    for column in columns[1:]:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _peers(media: MediaReading, before: MediaReading | None, names: dict[str, str]) -> Table:
    earlier = {peer.uid: peer for peer in before.peers} if before is not None else {}
    table = _table("peer", "", "rate", "loss", "jitter", "round trip", "concealed", "waits")
    for peer in media.peers:
        name = names.get(peer.uid, peer.uid)
        concealed = _concealed(earlier.get(peer.uid), peer)
        trip, delay = ms(peer.round_trip_s), ms(peer.voice_delay_s)
        lost = _percent(peer.loss_fraction)
        table.add_row(_whole(name), "video to", kbps(peer.video_sent_bps), lost, "", trip)
        table.add_row("", "voice to", kbps(peer.voice_sent_bps))
        table.add_row("", "video from", *_received(peer.video))
        table.add_row("", "voice from", *_received(peer.voice), "", concealed, delay)
    return table


def _whole(name: str) -> Text:
    """As it is, on one line: a name is whatever its owner likes, and no markup."""
    return Text(name, no_wrap=True, overflow="ellipsis")


def _received(stream: ReceivedReading) -> tuple[str, str, str]:
    return kbps(stream.bps), _percent(stream.loss_fraction), ms(stream.jitter_s)


def _concealed(before: PeerTraffic | None, now: PeerTraffic) -> str:
    """What share of the voice played meanwhile was made up."""
    if before is None:
        return "?"
    played = now.voice_samples_played - before.voice_samples_played
    concealed = now.voice_samples_concealed - before.voice_samples_concealed
    return _percent(concealed / played) if played > 0 and concealed >= 0 else "?"


def _percent(fraction: float | None) -> str:
    return "?" if fraction is None else f"{fraction:.1%}"


def _stages(media: MediaReading) -> Table:
    table = _table("stage", "p50", "p95", "max", "count")
    for stage in media.stages:
        times = (f"{seconds * 1000:.1f} ms" for seconds in (stage.p50_s, stage.p95_s, stage.max_s))
        table.add_row(_whole(stage.stage.replace("_", " ")), *times, str(stage.count))
    return table
