"""A page in a real Chromium that hears a voice over the relay, through WebAudio."""

import base64
import re
import time
from dataclasses import replace
from typing import Self

import numpy as np
from playwright.async_api import Browser

from device.session.values import Signal, SignalKind
from hal import BLOCK_SAMPLES
from tests.bench.hearing import Recording
from tests.bench.listener_process import Heard, TakeSignal
from tests.bench.relay import Relay

ADDRESS = "https://listener.test/"
"""Any address that is a secure context; only those have worklets. Nothing is fetched."""
QUANTUM = 128
"""Samples that a worklet gets at a time (Web Audio API section 1.1.2)."""
SETUP = """
async () => {
  const recorder = `registerProcessor('recorder', class extends AudioWorkletProcessor {
    process([[samples]]) {
      this.port.postMessage({ at: Date.now(), samples: samples?.slice() });
      return true;
    }
  })`;
  const context = new AudioContext({ sampleRate: 48000, latencyHint: 'interactive' });
  const module = URL.createObjectURL(new Blob([recorder], { type: 'text/javascript' }));
  await context.audioWorklet.addModule(module);
  await context.resume();
  const heard = [];
  const pc = new RTCPeerConnection();
  pc.ontrack = ({ track }) => {
    if (track.kind !== 'audio') return;
    const stream = new MediaStream([track]);
    const element = new Audio();  // without one a remote stream is not decoded
    element.muted = true;
    element.srcObject = stream;
    element.play();
    const node = new AudioWorkletNode(context, 'recorder', { channelCount: 1,
      channelCountMode: 'explicit' });
    node.port.onmessage = ({ data }) => heard.push(data);
    context.createMediaStreamSource(stream).connect(node).connect(context.destination);
  };
  Object.assign(window, { pc, heard });
}
"""
ANSWER = """
async (sdp) => {
  await pc.setRemoteDescription({ type: 'offer', sdp });
  await pc.setLocalDescription();
  while (pc.iceGatheringState !== 'complete')
    await new Promise((done) => { pc.onicegatheringstatechange = done; });
  return pc.localDescription.sdp;
}
"""
CANDIDATE = "(candidate) => pc.addIceCandidate({ candidate, sdpMLineIndex: 0 })"
REPORT = """
async () => {
  const kept = heard.slice();
  const samples = new Int16Array(kept.length * 128);
  kept.forEach(({ samples: block }, at) =>
    block?.forEach((value, n) => { samples[at * 128 + n] = Math.round(value * 32767); }));
  const bytes = new Uint8Array(samples.buffer);
  let text = '';
  for (let at = 0; at < bytes.length; at += 4096)
    text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  const reports = [...(await pc.getStats()).values()];
  const inbound = reports.find(({ type, kind }) => type === 'inbound-rtp' && kind === 'audio');
  return { sound: btoa(text), times: kept.map(({ at }) => at),
    concealed: inbound.concealedSamples / inbound.totalSamplesReceived };
}
"""


class PageListener:
    """Signals that it makes go to ``take``, with the relay's address."""

    def __init__(self, uid: str, browser: Browser, relay: Relay, take: TakeSignal) -> None:
        self._uid = uid
        self._browser = browser
        self._relay = relay
        self._take = take

    async def __aenter__(self) -> Self:
        self._page = await self._browser.new_page()
        await self._page.route(
            f"{ADDRESS}**", lambda route: route.fulfill(body="", content_type="text/html")
        )
        await self._page.goto(ADDRESS)
        await self._page.evaluate(SETUP)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._page.close()

    async def deliver(self, signal: Signal) -> None:
        """From the talker, who makes the offer."""
        body = self._relay.to_far(signal.body)
        if signal.kind is SignalKind.OFFER:
            answer = await self._page.evaluate(ANSWER, body)
            body = self._relay.to_near(answer)
            self._take(replace(signal, peer=self._uid, kind=SignalKind.ANSWER, body=body))
            # aiortc takes candidates from the last bundled section, Chromium has them in the first.
            found = re.search(r"^a=(candidate:.*\S)", body, re.MULTILINE)
            for line in (found[1] if found else "", ""):
                self._take(replace(signal, peer=self._uid, kind=SignalKind.CANDIDATE, body=line))
        elif signal.kind is SignalKind.CANDIDATE and body:
            await self._page.evaluate(CANDIDATE, body)

    async def heard(self) -> Heard:
        """Everything since the start."""
        report = await self._page.evaluate(REPORT)
        sound = np.frombuffer(base64.b64decode(report["sound"]), "<i2") / 32_768
        to_monotonic_s = time.monotonic() - time.time()
        quanta_s = np.array(report["times"]) / 1000 + to_monotonic_s
        starts = np.arange(0, len(sound) - BLOCK_SAMPLES, BLOCK_SAMPLES)
        times_s = quanta_s[starts // QUANTUM]
        return Heard(Recording(sound[: len(starts) * BLOCK_SAMPLES], times_s), report["concealed"])
