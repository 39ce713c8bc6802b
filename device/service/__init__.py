"""The unit as a service of the system: what it tells systemd and the journal, and what it believes."""
