"""Opens the door and hangs. Run in the guest by callbox's own Python: door.py SECONDS [unguarded]

``unguarded``: as gpiozero alone would do it, to see what the line does then.
"""

import sys
import time

import gpiozero

from hal.buttons.gpio import board_factory
from hal.outputs.gpio import GpioOutputs, OutputPins

DOOR = 26

if sys.argv[2:] == ["unguarded"]:
    relay = gpiozero.OutputDevice(DOOR, pin_factory=board_factory())
    relay.on()
else:
    outputs = GpioOutputs(OutputPins(door=DOOR, door_maximum_s=60.0))
    outputs.open()
    outputs.open_door(float(sys.argv[1]))
print("open", flush=True)
time.sleep(3600)
