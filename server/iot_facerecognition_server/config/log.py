"""The settings of the log."""
# ruff: noqa: RUF009 - setting() gives a dataclasses.field with what is declared in it

from dataclasses import dataclass
from pathlib import Path

from iot_facerecognition_server.config.kinds import Boolean, Choice, FilePath, Integer
from iot_facerecognition_server.config.schema import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """What is written down. The console always gets it too."""

    enable: bool = setting("Enable", Boolean(), "true", "Write the log to a file.")
    location: Path = setting("Location", FilePath(), "log.txt", "The log file.")
    level: str = setting(
        "Level",
        Choice(("debug", "info", "warning", "error")),
        "info",
        "Minimum log level.",
    )
    log_format: str = setting(
        "LogFormat",
        Choice(("text", "json")),
        "text",
        'text: lines for people, `[dd-MM-yyyy / hh:mm:ss]: "NAME" (IDENTITY): text`, or `server:`'
        " instead of name and identity. json: one object a line, for machines.",
    )
    lines_per_minute: int = setting(
        "LinesPerMinute",
        Integer(0, 1_000_000, "lines"),
        "120",
        "Most lines of one kind in a minute, as of clients that connect, and half of that about one"
        " identity; a traceback counts as 20. What is beyond is left out, and the log says how many"
        " lines that were. Lines of the level debug are not limited. 0: any number.",
    )
    max_bytes: int = setting(
        "MaxBytes",
        Integer(4096, 1_000_000_000, "bytes"),
        "10000000",
        "Size at which the log file is set aside and a new one begun.",
    )
    backups: int = setting(
        "Backups",
        Integer(1, 1000),
        "3",
        "How many log files that were set aside are kept; the oldest goes.",
    )
