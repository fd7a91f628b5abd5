"""Attacks a real server on loopback while two victims stream real faces through it.

`python -m benchmarks.attack` (`make attack`) prints docs/reliability.md's table: each attack with
how often it was tried, what was promised, what the victims noticed and what memory it cost.
"""
