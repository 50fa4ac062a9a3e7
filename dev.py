#!/usr/bin/env python3
"""One way in: a whole mirror on a bare machine with Python 3.11 or newer and pip. `python3 dev.py --help`"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036  (older ones come here to be told)
    raise SystemExit(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}.")

from tools.devstack.main import main

sys.exit(main())
