"""What happened, for the person at the device.

- `eventlog`: the newest entries, in bounded memory.
- `logfile`: a file that cannot grow over its size; `keeper` writes it while a setting asks for it.
- `console`: the program's own log on a stream that never blocks it.
"""
