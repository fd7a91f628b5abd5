"""The laboratories of the edge: `make lab-armv6`, and `make lab-trixie` (a script of its own).

Not part of `make test`: they install packages and make a Debian root for another processor.
"""

import os

collect_ignore_glob = [] if os.environ.get("LAB") == "armv6" else ["test_*.py"]
