"""The state-enable CSRs of Smstateen and Ssstateen, as data: who may use the state that extensions add.

A bit whose state this machine lacks is read-only zero (rule stateen_unimplemented_state_roz), so nothing is left for
U-mode: every sstateen is zero.
"""

from ..config import CoreConfig
from .csr import Csr, Field, Guard, zero

COUNT = 4
"""Of each level's registers (rule mstateen_rv64_csrs)."""


def _bits(config: CoreConfig) -> tuple[tuple[str, int, bool], ...]:
    """Name and place of each bit of mstateen0 and hstateen0, and whether there is something that it controls."""
    # C is of custom state, FCSR of Zfinx, and hedelegh, which P1P13 controls, is a half for RV32.
    return (("SE0", 63, True), ("ENVCFG", 62, True), ("CSRIND", 60, config.has("smcsrind")), ("AIA", 59, False),
            ("IMSIC", 58, False), ("CONTEXT", 57, False), ("P1P13", 56, False), ("SRMCFG", 55, False),
            ("CTR", 54, False), ("JVT", 2, False), ("FCSR", 1, False), ("C", 0, False))


USER = ("JVT", "FCSR", "C")
"""The bits of sstateen0."""
MACHINE_ALONE = ("P1P13", "SRMCFG")
"""The bits of mstateen0 that hstateen0 lacks."""


def controlled(config: CoreConfig, bit: str) -> dict:
    """What the Csr has more of to which `bit` of mstateen0 and hstateen0 controls access; nothing without Smstateen."""
    return {"guard": Guard.STATEEN, "stateen": f"stateen0.{bit}"} if config.has("smstateen") else {}


def stateen_csrs(config: CoreConfig) -> tuple[Csr, ...]:
    """mstateen, hstateen and sstateen; none without Smstateen."""
    if not config.has("smstateen"):
        return ()
    return tuple(csr for n in range(COUNT) for csr in _numbered(config, n))


def _numbered(config, n):
    bits = _bits(config) if n == 0 else ((f"SE{n}", 63, True),)
    se = {"guard": Guard.STATEEN, "stateen": f"stateen{n}.SE{n}"}
    return (
        Csr(f"mstateen{n}", 0x30c + n, tuple(
            Field(name, lsb) if real else zero(name, lsb) for name, lsb, real in bits)),
        # Rule mstateen_lower_priv_roz.
        Csr(f"hstateen{n}", 0x60c + n, tuple(
            Field(name, lsb, needs=f"mstateen{n}.{name}") if real else zero(name, lsb)
            for name, lsb, real in bits if name not in MACHINE_ALONE), **se),
        Csr(f"sstateen{n}", 0x10c + n, tuple(zero(name, lsb) for name, lsb, _ in bits if name in USER)
            or (zero("", 0, 64),), **se))
