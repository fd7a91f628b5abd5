"""The words that packages have for their licences, as SPDX expressions."""

from importlib import metadata
from pathlib import Path

import pytest

from container.sbom import debian_packages, licences, python_packages


@pytest.mark.parametrize(
    ("words", "expression"),
    [
        ("Expat", "MIT"),
        ("GPL-2+", "GPL-2.0-or-later"),
        ("GPL-3", "GPL-3.0-only"),
        ("LGPL-2.1+", "LGPL-2.1-or-later"),
        ("LGPL", "LGPL-2.0-or-later"),
        ("GFDL-NIV-1.3+", "GFDL-1.3-no-invariants-or-later"),
        ("GPL-1+ or Artistic", "Artistic-1.0 OR GPL-1.0-or-later"),
        ("MPL-1.1 or GPL-2+ or LGPL-2.1+", "GPL-2.0-or-later OR LGPL-2.1-or-later OR MPL-1.1"),
        ("GPL-2+ or AFL-2.1, and Expat", "(AFL-2.1 OR GPL-2.0-or-later) AND MIT"),
        ("Zlib and BSD-3-clause or ISC", "(BSD-3-Clause AND Zlib) OR ISC"),
        ("GPL-3+ with Bison exception", "GPL-3.0-or-later WITH Bison-exception-2.2"),
        ("GPL-2+-autoconf-exception", "GPL-2.0-or-later WITH Autoconf-exception-2.0"),
        ("GPL-2 with Linux-syscall-note exception", "GPL-2.0-only WITH Linux-syscall-note"),
        ("Apache-2.0 with LLVM exception", "Apache-2.0 WITH LLVM-exception"),
        ("public-domain", "LicenseRef-public-domain"),
        ("RSA-MD", "LicenseRef-RSA-MD"),
        ("MIT/X11 (BSD like)", "LicenseRef-MIT-X11-BSD-like"),
    ],
)
def test_name_becomes_an_expression(words: str, expression: str) -> None:
    assert licences.spdx(words) == expression


def test_licences_of_one_work_are_joined_once_and_in_order() -> None:
    assert licences.together(["Zlib AND MIT", "MIT", "A OR B"]) == "(A OR B) AND MIT AND Zlib"
    assert licences.together(["A OR B"]) == "A OR B"
    assert licences.together([]) is None


MACHINE_READABLE = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: thing

Files: *
Copyright: 2020 Somebody
License: GPL-2+

Files: lib/*
Copyright: 2021 Somebody Else
License: Expat or ISC
 a sentence in which License: counts for nothing

License: Unused
 Not of any file.
"""
PROSE = """\
This library is free software; you can redistribute it under the terms of the GNU Lesser General
Public License, version 2.1 or any later version. See `/usr/share/common-licenses/LGPL-2.1'. The
newest is /usr/share/common-licenses/LGPL.

Redistribution and use in source and binary forms, with or without modification, are permitted.
  Neither the name of the author may be used to endorse or promote products.
"""


def test_files_of_a_machine_readable_copyright_count_and_nothing_else() -> None:
    assert debian_packages.stated(MACHINE_READABLE) == "(ISC OR MIT) AND GPL-2.0-or-later"


def test_prose_is_read_for_the_licences_it_points_to_and_quotes() -> None:
    assert debian_packages.stated(PROSE) == "BSD-3-Clause AND LGPL-2.1-or-later"
    assert debian_packages.stated("All rights reserved.") is None


MIT_TEXT = """\
Permission is hereby granted, free of charge, to any person obtaining a copy, to use, copy,
modify, merge, publish, distribute, sublicense, and/or sell copies of the Software.
"""


@pytest.mark.parametrize(
    ("headers", "files", "expression"),
    [
        ("License-Expression: MIT-CMU\nLicense: whatever", {}, "MIT-CMU"),
        ("License: Boost Software License", {}, "BSL-1.0"),
        ("Classifier: License :: OSI Approved :: MIT License", {}, "MIT"),
        ("License: UNKNOWN", {"thing-1.dist-info/LICENSE": MIT_TEXT}, "MIT"),
        ("License: BSD", {"thing-1.dist-info/LICENSE": MIT_TEXT}, "MIT"),
        ("License: BSD", {"thing.py": f'"""{MIT_TEXT}"""'}, "MIT"),
        ("License: Our Own", {"thing.py": "pass"}, "LicenseRef-Our-Own"),
        ("Summary: says nothing", {"thing.py": "pass"}, None),
    ],
)
def test_most_exact_words_of_a_python_package_count(
    tmp_path: Path, headers: str, files: dict[str, str], expression: str | None
) -> None:
    about = tmp_path / "thing-1.dist-info"
    about.mkdir()
    about.joinpath("METADATA").write_text(f"Metadata-Version: 2.4\nName: thing\n{headers}\n")
    about.joinpath("RECORD").write_text("".join(f"{name},,\n" for name in files))
    for name, text in files.items():
        tmp_path.joinpath(name).write_text(text)
    assert python_packages.licence(metadata.Distribution.at(about)) == expression
