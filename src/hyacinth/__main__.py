"""`python -m hyacinth`: the same as `hyacinth`."""

import sys

from .sim.cli import main

sys.exit(main())
