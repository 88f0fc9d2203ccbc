"""``python -m rtcnb.cli``."""

import sys

from . import main

sys.exit(main())
