"""Threads of sound before all others, as far as the system allows it."""

import logging
import os
import threading

logger = logging.getLogger(__name__)

_NICE = -11
"""What PulseAudio and PipeWire ask for where real time is refused."""
_said = threading.Event()


def ask_for_realtime(priority: int) -> None:
    """For the calling thread: SCHED_FIFO at ``priority`` (0: nothing), else a nice value. What is
    refused is logged once. Needs CAP_SYS_NICE or LimitRTPRIO= of at least ``priority``."""
    if priority == 0:
        return
    try:
        # A program that the thread starts must not inherit it.
        policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
        os.sched_setscheduler(0, policy, os.sched_param(priority))
        return
    except OSError as error:
        refused = str(error)
    try:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
        instead = f"with nice {_NICE}"
    except OSError:
        instead = "like any other thread"
    if not _said.is_set():
        _said.set()
        logger.warning(
            "Sound runs %s, not in real time (%s). Give the unit LimitRTPRIO=%d.",
            instead,
            refused,
            priority,
        )
