"""How long it takes from power to picture.

- `milestones`: when this start first got somewhere, kept in a file.
- `boot_time`: the command that reads it and systemd's times.
"""
