"""`python -m console`, installed as `mirror`."""

import sys

from console.main import main

sys.exit(main())
