"""A unit's account and the exchange's certificate, got for a pairing code and kept in callbox.toml."""

from device.enrolment.enrol import Enrolled as Enrolled
from device.enrolment.enrol import Target as Target
from device.enrolment.enrol import enrol as enrol
from device.enrolment.toml import merged as merged
from device.enrolment.toml import new_config as new_config
