"""`python -m cli`: what `./mirror` runs."""

import sys

from cli.main import main

sys.exit(main())
