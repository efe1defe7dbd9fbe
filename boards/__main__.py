"""`python -m hyacinth.boards`, and in a clone that is not installed `python -m boards`."""

import sys
from pathlib import Path

if __package__ == "boards":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from hyacinth.boards.cli import main

sys.exit(main())
