"""Finds what became of the translation of a page across a fence: still there, or walked again."""

from ...rtl.config import CoreConfig
from ...rtl.isa.csrs import table
from ...rtl.isa.instructions import BY_NAME, INSTRUCTIONS, Unit, identify
from ..records import RETIRE_FIELDS
from .words import (
    GUEST,
    KEPT,
    NO_REGISTER,
    OTHER_ID,
    OTHER_PAGE,
    OWN_ID,
    OWN_PAGE,
    SELF,
    SINGLE,
    WALKED,
)

WORD = len(RETIRE_FIELDS)
AT = {name: n for n, name in enumerate(RETIRE_FIELDS)}
NEAR = 24
"""So many instructions before and after a fence are looked at."""
HLSV = tuple(each for each in INSTRUCTIONS if each.hypervisor and each.unit in (Unit.LOAD, Unit.STORE))
BARRIERS = 0b1110011, 0b0001111
"""Opcodes among which every instruction is that empties a TLB; they end the search, but for those of memory."""
SFENCE_INVAL = tuple(BY_NAME[name].encode() for name in ("sfence.w.inval", "sfence.inval.ir"))


class Fences:
    """Looks around each fence for a page that is reached before and after it, in the same mode.

    Attributes
    ----------
    met : set of tuple
        Bins.
    walks : list of (int, int)
        Cycle and page number of the walks for loads and stores of this batch that found a page.
    """
    def __init__(self, config: CoreConfig):
        self.config = config
        self.met: set[tuple[str, ...]] = set()
        self.walks: list[tuple[int, int]] = []
        csrs = table(config)
        self._address = {name: csrs[name].address for name in ("satp", "vsatp", "hgatp") if name in csrs}
        self._ids = dict.fromkeys(self._address, 0)

    def csr(self, record, at: int) -> None:
        """A CSR instruction has retired; if it writes an ASID or a VMID, that is remembered."""
        if record[at + AT["writes_csr"]]:
            for name, address in self._address.items():
                if record[at + AT["csr"]] == address:
                    own = "vsatp" if name == "satp" and record[at + AT["mode"]] & 4 else name
                    self._ids[own] = record[at + AT["csr_value"]] >> 44 & (0x3fff if name == "hgatp" else 0xffff)

    def fence(self, record, n: int, count: int, name: str, rs1: int, rs2: int) -> None:
        """Record `n` of `count` is a fence that has retired."""
        mode = record[n * WORD + AT["mode"]]
        address, number = self._value(record, n, rs1), self._value(record, n, rs2)
        if address is None or number is None:
            return
        before = {}
        for k in range(n - 1, max(n - 1 - NEAR, -1), -1):
            if self._ends(record, k, mode):
                break
            for page, memory_of in self._reached(record, k, mode):
                before[page, memory_of] = True
        seen = set()
        for k in range(n + 1, min(n + 1 + NEAR, count)):
            if self._ends(record, k, mode):
                break
            for page, memory_of in self._reached(record, k, mode):
                if (page, memory_of) in before and (page, memory_of) not in seen:
                    seen.add((page, memory_of))
                    begun, ended = record[n * WORD], record[k * WORD]
                    walked = any(begun < at <= ended and number == page for at, number in self.walks)
                    self.met.add((name, self._about_page(name, rs1, address, page), self._about_id(
                        name, mode, rs2, number), memory_of, WALKED if walked else KEPT))

    def end_of_batch(self) -> None:
        """Forget what can no longer matter."""
        self.walks = []

    @staticmethod
    def _value(record, n: int, register: int) -> int | None:
        """What an operand holds, where it was written shortly before; None where that is not known."""
        if not register:
            return 0
        for k in range(n - 1, max(n - 1 - NEAR, -1), -1):
            at = k * WORD
            if record[at + AT["writes_rd"]] and record[at + AT["rd"]] == register:
                return record[at + AT["rd_value"]]
        return None

    @staticmethod
    def _ends(record, k: int, mode: int) -> bool:
        """Whether a fence, a CSR, or a trap may have changed more than the fence that is looked at."""
        at = k * WORD
        bits = record[at + AT["bits"]]
        return (record[at + AT["mode"]] != mode or record[at + AT["trapped"]] == 1
                or bits & 0x7f in BARRIERS and bits not in SFENCE_INVAL and not record[at + AT["memory"]])

    @staticmethod
    def _reached(record, k: int, mode: int):
        """The page that a record's access begins in, and whose memory that is."""
        at = k * WORD
        if not record[at + AT["memory"]]:
            return
        if mode & 4:
            memory_of = SELF
        elif record[at + AT["bits"]] & 0x7f == 0x73 and identify(record[at + AT["bits"]], HLSV):
            memory_of = GUEST
        else:
            memory_of = SINGLE
        yield record[at + AT["gva"]] >> 12, memory_of

    @staticmethod
    def _about_page(name: str, rs1: int, address: int, page: int) -> str:
        if not rs1:
            return NO_REGISTER
        return OWN_PAGE if address >> 12 == page and not name.endswith("gvma") else OTHER_PAGE

    def _about_id(self, name: str, mode: int, rs2: int, number: int) -> str:
        if not rs2:
            return NO_REGISTER
        if name.endswith("gvma"):
            own, width = self._ids["hgatp"], self.config.vmid_bits
        else:
            own, width = self._ids["vsatp" if mode & 4 or name.startswith("h") else "satp"], self.config.asid_bits
        return OWN_ID if number & (1 << width) - 1 == own else OTHER_ID
