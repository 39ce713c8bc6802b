"""What is relied on inside aiortc and aioice is checked before the first call."""

from importlib.metadata import version

import aioice.ice
import pytest
from aiortc import RTCRtpSender
from aiortc.codecs.h264 import H264Encoder

from device.errors import MediaError
from device.media.rtc import contract


def test_the_installed_ones_fit() -> None:
    contract.verify(version)


@pytest.mark.parametrize("name", contract.PINNED)
def test_another_version_is_refused(name: str) -> None:
    with pytest.raises(MediaError, match=f"{name} .* is needed, 99.0 is installed"):
        contract.verify(lambda asked: "99.0" if asked == name else version(asked))


def test_a_missing_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(H264Encoder, "_packetize")
    with pytest.raises(MediaError, match=r"H264Encoder\._packetize is gone"):
        contract.verify(version)


def test_a_renamed_attribute_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def other_init(self: object) -> None:
        self.something_else = 1  # type: ignore[attr-defined]

    monkeypatch.setattr(aioice.ice.Connection, "__init__", other_init)
    with pytest.raises(MediaError, match=r"Connection\._protocols"):
        contract.verify(version)


def test_a_method_that_is_no_coroutine_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RTCRtpSender, "_handle_rtcp_packet", lambda self, packet: None)
    with pytest.raises(MediaError, match=r"RTCRtpSender\._handle_rtcp_packet"):
        contract.verify(version)
