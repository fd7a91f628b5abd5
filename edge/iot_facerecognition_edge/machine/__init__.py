"""The machine that this runs on.

- `health`: temperature, memory, radio; `addresses`: where others reach it.
- `progress`: whether capture and network make progress, for the watchdog.
- `updates`: what appliance and updater tell each other.
"""
