"""GStreamer's webrtcbin sending a tape to several peers: one payloader, a tee, a webrtcbin for each.

/usr/bin/python3 tests/bench/webrtcbin_process.py [TAPE], with Debian's python3-gst-1.0,
gir1.2-gst-plugins-bad-1.0, gstreamer1.0-nice, gstreamer1.0-plugins-good and gstreamer1.0-plugins-bad.
Without a tape it only tells, by its exit status, whether all of that is there. Imports nothing of this
project, because that Python knows none of it.
"""

import base64
import json
import resource
import sys
import threading
import time

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402 - versions come first

SOURCE = (
    "appsrc name=tape is-live=true format=time do-timestamp=true "
    "caps=video/x-h264,stream-format=byte-stream,alignment=au,framerate=30/1 "
    "! rtph264pay pt=96 mtu=1312 aggregate-mode=zero-latency "
    "! application/x-rtp,media=video,encoding-name=H264,payload=96,clock-rate=90000 "
    "! tee name=all allow-not-linked=true"
)


class Senders:
    def __init__(self, tape):
        self.tape = tape
        self.pipeline = Gst.parse_launch(SOURCE)
        self.peers = {}
        self.agents = []  # webrtcbin holds a floating reference only, which ends with Python's
        self.pipeline.set_state(Gst.State.PLAYING)
        threading.Thread(target=self.play, daemon=True).start()

    def play(self):
        units = [base64.b64decode(unit) for unit in self.tape["units"]]
        source, start_s, number = self.pipeline.get_by_name("tape"), time.monotonic(), 0
        while True:
            due_s = start_s + number / self.tape["frame_rate_hz"]
            time.sleep(max(0.0, due_s - time.monotonic()))
            source.emit("push-buffer", Gst.Buffer.new_wrapped(units[number % len(units)]))
            number += 1

    def offer(self, peer):
        """The SDP, once all candidates are in it."""
        queue = Gst.ElementFactory.make("queue")
        self.peers[peer] = link = Gst.ElementFactory.make("webrtcbin")
        link.set_property("bundle-policy", GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
        wanted, gathered = threading.Event(), threading.Event()
        link.connect("on-negotiation-needed", lambda _: wanted.set())
        link.connect("notify::ice-gathering-state", self.on_gathering, gathered)
        for element in (queue, link):
            self.pipeline.add(element)
        link.set_state(Gst.State.READY)  # makes its ICE agent
        self.agents.append(link.get_property("ice-agent"))
        self.agents[-1].emit("add-local-ip-address", "127.0.0.1")
        queue.link(link)
        for element in (link, queue):
            element.sync_state_with_parent()
        self.pipeline.get_by_name("all").link(queue)
        wanted.wait(5)
        reply = ask(link, "create-offer", None)  # owns what is in it
        ask(link, "set-local-description", reply.get_value("offer"))
        gathered.wait(5)
        return link.get_property("local-description").sdp.as_text()

    def on_gathering(self, link, _, gathered):
        state = link.get_property("ice-gathering-state")
        if state == GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            gathered.set()

    def accept(self, peer, answer):
        _, message = GstSdp.SDPMessage.new_from_text(answer)
        kind = GstWebRTC.WebRTCSDPType.ANSWER
        description = GstWebRTC.WebRTCSessionDescription.new(kind, message)
        ask(self.peers[peer], "set-remote-description", description)

    def cost(self):
        used = resource.getrusage(resource.RUSAGE_SELF)
        return {"cpu_s": used.ru_utime + used.ru_stime, "at_s": time.monotonic()}


def ask(link, name, argument):
    """Emit one of webrtcbin's asking signals, and wait for the reply."""
    promise = Gst.Promise.new()
    link.emit(name, argument, promise)
    promise.wait()
    return promise.get_reply()


def is_installed():
    return all(map(Gst.ElementFactory.find, ("webrtcbin", "nicesrc", "rtph264pay", "srtpenc")))


def main(path):
    with open(path) as tape:
        senders = Senders(json.load(tape))
    loop = GLib.MainLoop()
    threading.Thread(target=loop.run, daemon=True).start()
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(getattr(senders, asked.pop("do"))(**asked)), flush=True)
    senders.pipeline.set_state(Gst.State.NULL)


if __name__ == "__main__":
    Gst.init(None)
    if not sys.argv[1:]:
        sys.exit(not is_installed())
    main(sys.argv[1])
