"""The names that packages give their licences, turned into SPDX licence expressions.

A name that SPDX does not list becomes `LicenseRef-NAME`, which SPDX reserves for that.
Names of Debian: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Names of SPDX: https://spdx.org/licenses/
"""

import re
from collections.abc import Iterable
from typing import Final

_SPDX: Final = (
    *("0BSD", "AFL-2.0", "AFL-2.1", "Apache-1.1", "Apache-2.0", "Artistic-1.0", "Artistic-2.0"),
    *("Beerware", "BSD-1-Clause", "BSD-2-Clause", "BSD-3-Clause", "BSD-3-Clause-Clear"),
    *("BSD-4-Clause", "BSD-4-Clause-UC", "BSL-1.0", "bzip2-1.0.6", "CC0-1.0", "CC-BY-3.0"),
    *("CC-BY-4.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0", "curl", "EPL-1.0", "FSFAP", "FSFUL"),
    *("FSFULLR", "FTL", "HPND", "ICU", "IJG", "ISC", "Libpng", "MIT", "MIT-0", "MIT-CMU"),
    *("MPL-1.1", "MPL-2.0", "MS-PL", "NTP", "OFL-1.1", "OLDAP-2.8", "OpenSSL", "PostgreSQL"),
    *("PSF-2.0", "Python-2.0", "Sleepycat", "TCL", "Unicode-DFS-2016", "Unlicense", "Vim", "X11"),
    "Zlib",
)
_OTHER_NAMES: Final = {
    "apache": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "apache-2": "Apache-2.0",
    "artistic": "Artistic-1.0",
    "boost": "BSL-1.0",
    "boost software license": "BSL-1.0",
    "boost-1.0": "BSL-1.0",
    "bsd-2": "BSD-2-Clause",
    "bsd-3": "BSD-3-Clause",
    "bsd-4": "BSD-4-Clause",
    "bsd2": "BSD-2-Clause",
    "bsd3": "BSD-3-Clause",
    "bsl": "BSL-1.0",
    "cc0": "CC0-1.0",
    "cc0 1.0 universal (cc0 1.0) public domain dedication": "CC0-1.0",
    "expat": "MIT",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mit/x11": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "mpl-2": "MPL-2.0",
    "openldap-2.8": "OLDAP-2.8",
    "psf": "PSF-2.0",
    "python software foundation license": "PSF-2.0",
    "sil-1.1": "OFL-1.1",
}
_NAMES: Final = {name.lower(): name for name in _SPDX} | _OTHER_NAMES
_GNU: Final = re.compile(
    r"(agpl|lgpl|gpl|gfdl)(-niv)?[- ]?v?(\d(?:\.\d)*)?(\+| or later)?", re.IGNORECASE
)
_OLDEST: Final = {"agpl": "3", "lgpl": "2", "gpl": "1", "gfdl": "1.1"}
"""What a GNU licence means where its version is not said: this one or any later one."""
_EXCEPTION: Final = re.compile(
    r"(.+?)[- ]with[- ]([a-z0-9. -]+?)[- ]exceptions?|(.+)-([a-z]+)-exception", re.IGNORECASE
)
_EXCEPTIONS: Final = {
    "autoconf": "Autoconf-exception-{}.0",
    "bison": "Bison-exception-2.2",
    "bison-2.2": "Bison-exception-2.2",
    "classpath": "Classpath-exception-2.0",
    "font": "Font-exception-2.0",
    "gcc-runtime-3.1": "GCC-exception-3.1",
    "libtool": "Libtool-exception",
    "linux-syscall-note": "Linux-syscall-note",
    "llvm": "LLVM-exception",
}
_LOOSEST_FIRST: Final = (
    (re.compile(r",\s*or\s+", re.IGNORECASE), " OR "),
    (re.compile(r",\s*(?:and\s+)?", re.IGNORECASE), " AND "),
    (re.compile(r"\s+(?:and/)?or\s+", re.IGNORECASE), " OR "),
    (re.compile(r"\s+and\s+", re.IGNORECASE), " AND "),
)
"""Debian's grammar: `and` binds closer than `or`, and a comma looser than both."""
_PHRASES: Final = (
    ("Apache-2.0", r"Apache License,?\s+Version 2\.0"),
    ("BSL-1.0", r"Boost Software License"),
    ("CC0-1.0", r"CC0 1\.0 Universal"),
    ("MIT", r"Permission is hereby granted, free of charge.{0,600}sublicense"),
    ("ISC", r"Permission to use, copy, modify, and(?:/or)? distribute this software for any"),
    ("HPND", r"Permission to use, copy, modify, distribute, and sell this software"),
    ("Zlib", r"altered source versions must be plainly marked"),
    ("PSF-2.0", r"Python Software Foundation License Version 2|PSF LICENSE AGREEMENT FOR PYTHON"),
    ("LGPL-2.1-or-later", r"Lesser General Public License, version 2\.1 \(or, at your option, any"),
    ("BSD-4-Clause", r"Redistribution and use in source.{0,900}All advertising materials"),
    ("BSD-3-Clause", r"Redistributions? (?:and use )?(?:of|in) source.{0,1200}endorse or promote"),
    ("BSD-2-Clause", r"Redistributions? (?:and use )?(?:of|in) source"),
)
"""What is in the texts of licences and in no other's; of the BSD ones the first that is found."""
_COMPILED: Final = tuple(
    (name, re.compile(phrase, re.IGNORECASE | re.DOTALL)) for name, phrase in _PHRASES
)


def spdx(words: str) -> str:
    """Return `words`, one licence or several with "and", "or" and commas, as an expression."""
    words = words.strip()
    for separator, operator in _LOOSEST_FIRST:
        parts = separator.split(words)
        if len(parts) > 1:
            return operator.join(sorted({_bracketed(spdx(part)) for part in parts}))
    return _one(words)


def known(words: str) -> bool:
    """Tell whether all that `words` name is a licence of SPDX's list."""
    return "LicenseRef-" not in spdx(words)


def together(expressions: Iterable[str]) -> str | None:
    """Return the expression for a work under all of `expressions`, sorted; None for none."""
    apart = {part for expression in expressions for part in _factors(expression)}
    if len(apart) == 1:
        return apart.pop().removeprefix("(").removesuffix(")")
    return " AND ".join(sorted(apart)) or None


def in_text(text: str) -> set[str]:
    """Return the licences whose own words are in `text`, the file of a licence or a notice."""
    plain = re.sub(r"[\s*#|\"]+", " ", text)
    found = [name for name, phrase in _COMPILED if phrase.search(plain)]
    bsd = [name for name in found if name.startswith("BSD-")]
    return set(found) - set(bsd[1:])


def _factors(expression: str) -> list[str]:
    """Take apart what is joined by AND, but not within brackets."""
    outside = re.sub(r"\([^()]*\)", lambda inside: "_" * len(inside[0]), expression)
    if " OR " in outside:
        return [f"({expression})"]
    ends = [0, *(end for found in re.finditer(" AND ", outside) for end in found.span()), None]
    return [expression[slice(*pair)] for pair in zip(ends[::2], ends[1::2], strict=True)]


def _bracketed(expression: str) -> str:
    return f"({expression})" if re.search(r" (?:OR|AND) ", expression) else expression


def _one(name: str) -> str:
    if name.lower() in _NAMES:
        return _NAMES[name.lower()]
    if gnu := _GNU.fullmatch(name):
        return _gnu(gnu)
    if exception := _EXCEPTION.fullmatch(name):
        licence, words = _one(exception[1] or exception[3]), (exception[2] or exception[4]).lower()
        if words in _EXCEPTIONS and not licence.startswith("LicenseRef-"):
            major = re.search(r"-(\d)", licence)
            return f"{licence} WITH {_EXCEPTIONS[words].format(major[1] if major else '')}"
    return "LicenseRef-" + re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-")


def _gnu(found: re.Match[str]) -> str:
    family = found[1].lower()
    version = found[3] or _OLDEST[family]
    version = version if "." in version else f"{version}.0"
    # Those without invariant sections have names of their own.
    invariants = "-no-invariants" if found[2] and version != "1.0" else ""
    later = "or-later" if found[4] or not found[3] else "only"
    return f"{family.upper()}-{version}{invariants}-{later}"
