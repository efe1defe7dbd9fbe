"""What the named configurations are made of, as digests: what a mutant does not change has the same."""

import hashlib
from collections.abc import Iterator

from ...rtl.config import CONFIGS
from ...rtl.soc import Soc
from ..engines.export import to_rtlil
from ..engines.flat import Flat


def digests() -> Iterator[str]:
    """One of each named configuration."""
    for config in CONFIGS.values():
        yield hashlib.sha256(to_rtlil(Flat(Soc(config))).encode()).hexdigest()
