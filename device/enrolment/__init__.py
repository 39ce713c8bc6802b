"""A unit's account and the exchange's certificate, got for a pairing code and kept in callbox.toml."""

from device.enrolment.enrol import Enrolled as Enrolled, Target as Target, enrol as enrol
from device.enrolment.toml import merged as merged, new_config as new_config
