"""What a simulated microphone hears."""

import wave
from pathlib import Path

import numpy as np
import pytest

from hal import BLOCK_BYTES, SAMPLE_RATE_HZ, AudioFault, AudioUnavailable
from hal.audio.sources import CaptureSource, SilenceSource, ToneSource, WavSource
from tests.hal.sound import loudest_hz, samples_of


def heard(source: CaptureSource, blocks: int) -> np.ndarray:
    taken = [source.next_block() for _ in range(blocks)]
    assert {len(block) for block in taken} == {BLOCK_BYTES}
    return samples_of(b"".join(taken))


def write_wav(
    path: Path, samples: np.ndarray, rate_hz: int = SAMPLE_RATE_HZ, channels: int = 1
) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(samples.dtype.itemsize)
        file.setframerate(rate_hz)
        file.writeframes(samples.tobytes())
    return path


@pytest.mark.parametrize("frequency_hz", [440, 1000, 333])
def test_a_tone_has_its_frequency_and_no_seam(frequency_hz: int) -> None:
    samples = heard(ToneSource(frequency_hz), 250)  # two and a half seconds
    assert loudest_hz(samples) == pytest.approx(frequency_hz, abs=0.5)
    steepest = 2 * np.pi * frequency_hz / SAMPLE_RATE_HZ * 0.25 * 32767
    assert np.abs(np.diff(samples)).max() <= steepest + 2
    assert samples.max() == pytest.approx(0.25 * 32767, rel=0.01)


def test_silence_is_silent() -> None:
    assert not heard(SilenceSource(), 3).any()


def test_a_recording_is_played_over_and_over(tmp_path: Path) -> None:
    sound = np.arange(480 * 3, dtype="<i2")
    samples = heard(WavSource(write_wav(tmp_path / "a.wav", sound)), 7)
    assert (samples == np.concatenate([sound, sound, sound[:480]])).all()


@pytest.mark.parametrize(
    ("kind", "rate_hz", "channels"), [("<i2", 44_100, 1), ("<i2", 48_000, 2), ("u1", 48_000, 1)]
)
def test_a_recording_of_another_format_says_how_to_convert_it(
    tmp_path: Path, kind: str, rate_hz: int, channels: int
) -> None:
    path = write_wav(tmp_path / "a.wav", np.zeros(9600, kind), rate_hz, channels)
    with pytest.raises(AudioUnavailable, match=f"{rate_hz} Hz, {channels} channels.*ffmpeg") as got:
        WavSource(path)
    assert got.value.reason is AudioFault.FAILED


def test_what_is_no_recording_is_refused(tmp_path: Path) -> None:
    absent = tmp_path / "absent.wav"
    with pytest.raises(AudioUnavailable, match=r"absent\.wav cannot be read") as got:
        WavSource(absent)
    assert got.value.reason is AudioFault.ABSENT
    for content in (b"", b"RIFF", b"not a WAV file at all"):
        path = tmp_path / "bad.wav"
        path.write_bytes(content)
        with pytest.raises(AudioUnavailable, match="is not a WAV file") as got:
            WavSource(path)
        assert got.value.reason is AudioFault.FAILED
    with pytest.raises(AudioUnavailable, match="shorter than 10 ms"):
        WavSource(write_wav(tmp_path / "short.wav", np.zeros(479, "<i2")))
