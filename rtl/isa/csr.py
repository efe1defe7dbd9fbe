"""What a CSR is, as data (csrs chapter of the privileged manual): address, fields, what they can hold, who gates them.

The registers themselves are in csrs_machine.py, csrs_supervisor.py and csrs_hypervisor.py; csrs.py has them all.
"""

from dataclasses import dataclass, replace
from enum import Enum, auto

ALL_ONES = (1 << 64) - 1


class Kind(Enum):
    """Where a field's bits come from."""
    STORED = auto()    # flip-flops, written by CSR instructions
    FIXED = auto()     # always the reset value
    COMPUTED = auto()  # shown by the hardware, read-only


class Guard(Enum):
    """What a CSR asks for beyond its address; the functions are in rtl/csr/access.py."""
    NONE = auto()
    SATP = auto()      # mstatus.TVM, hstatus.VTVM
    HGATP = auto()     # mstatus.TVM
    COUNTER = auto()   # mcounteren, hcounteren, scounteren
    STIMECMP = auto()  # menvcfg.STCE, henvcfg.STCE, and bit TM of mcounteren and hcounteren
    STATEEN = auto()   # a bit of mstateen and hstateen: that which Csr.stateen names
    SIREG = auto()     # sireg and its kin, with no register behind them; that bit decides which exception
    VSIREG = auto()    # vsireg and its kin, likewise
    NEVER = auto()     # nobody may: mireg and its kin


NOBODY = (Guard.SIREG, Guard.VSIREG, Guard.NEVER)
"""With these, every access traps."""


class Void(Enum):
    """Whether a write with an unsupported MODE is ignored as a whole; else the other fields are written."""
    NEVER = auto()
    IN_GUEST = auto()  # while V=1
    ALWAYS = auto()


class Box(Enum):
    """Which part of the CSR file holds the register."""
    TABLE = auto()     # rtl/csr/state.py: one 64-bit register each, or a view of one
    COUNTERS = auto()  # rtl/csr/counters.py
    PMP = auto()       # rtl/csr/pmp.py


@dataclass(frozen=True)
class Field:
    """Bits [lsb, lsb+width) of a CSR, by the manual's name; "" where the register is one nameless field."""
    name: str
    lsb: int
    width: int = 1
    reset: int = 0
    kind: Kind = Kind.STORED
    legal: tuple[int, ...] | None = None         # values that it can hold; None: all
    becomes: tuple[tuple[int, int], ...] = ()    # (written, stored) of illegal values; those not named become 0
    zeros: int = 0                               # so many of its lowest bits are always 0
    home: str = ""                               # the CSR that stores it, where that is not the one that shows the rest
    needs: str = ""                              # "csr.FIELD": while that is 0, this reads as 0 and ignores writes
    locked_by: str = ""                          # "csr.FIELD": while that is 1, this ignores writes
    yields_to: str = ""                          # a field of this CSR: a write that leaves that 1 makes this 0
    hypervisor: bool = False                     # exists only while misa.H=1

    @property
    def mask(self) -> int:
        """The field's bits, in place."""
        return (1 << self.width) - 1 << self.lsb

    @property
    def writable(self) -> int:
        """The bits, in place, that some write can change."""
        return self.mask >> self.lsb + self.zeros << self.lsb + self.zeros if self.kind is Kind.STORED else 0

    def stored(self, written: int) -> int:
        """What the field holds after `written` was written to it, gates aside."""
        written = written >> self.zeros << self.zeros
        return written if self.legal is None or written in self.legal else dict(self.becomes).get(written, 0)


@dataclass(frozen=True)
class Csr:
    """What software finds at `address`: the bits that `fields` name, of the storage called `storage`, shifted down."""
    name: str
    address: int
    fields: tuple[Field, ...]
    storage: str = ""              # the CSR whose bits these are; "" its own
    shift: int = 0                 # this CSR's bit 0 is bit `shift` of the storage
    box: Box = Box.TABLE
    guard: Guard = Guard.NONE
    stateen: str = ""              # "stateen0.FIELD": the bit, of mstateen0 and hstateen0, that controls access
    void: Void = Void.NEVER        # on an illegal value of MODE
    twin: str = ""                 # the VS CSR that is accessed instead while V=1
    needs_hypervisor: bool = False  # beyond what the address says

    @property
    def hypervisor(self) -> bool:
        """Whether it exists only while misa.H=1: hypervisor and VS CSRs, by their addresses, and two of M-mode."""
        return self.address >> 8 & 3 == 2 or self.needs_hypervisor

    @property
    def source(self) -> str:
        """The CSR whose storage this one shows."""
        return self.storage or self.name

    @property
    def is_read_only(self) -> bool:
        """Whether the address says that every write is illegal."""
        return self.address >> 10 == 3

    @property
    def reset(self) -> int:
        """The value after reset, as far as the table knows it."""
        return sum(field.reset << field.lsb for field in self.fields)

    @property
    def mask(self) -> int:
        """Bits that some field names."""
        return sum(field.mask for field in self.fields)

    @property
    def writable(self) -> int:
        """Bits that some write can change, gates aside."""
        return 0 if self.is_read_only else sum(field.writable for field in self.fields)

    def field(self, name: str) -> Field:
        """The field called `name`. Raises KeyError."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(f"{self.name} has no field {name}")

    def stored(self, written: int) -> int:
        """What it holds after `written` was written to it, gates aside, of the bits that can be written."""
        held = sum(field.stored((written & field.mask) >> field.lsb) << field.lsb
                   for field in self.fields if field.kind is Kind.STORED)
        return held & ~sum(field.mask for field in self.fields
                           if field.yields_to and held & self.field(field.yields_to).mask)

    def decode(self, value: int) -> dict[str, int]:
        """The named fields of `value`, highest first, as a report shows them."""
        return {field.name: (value & field.mask) >> field.lsb
                for field in sorted(self.fields, key=lambda field: -field.lsb) if field.name}

    def view(self, name: str, address: int, show: str, **changes) -> "Csr":
        """A CSR that shows the fields named in `show` of this one, and stores nothing."""
        return replace(self, name=name, address=address, storage=self.name,
                       fields=tuple(self.field(each) for each in show.split()), **changes)


def plain(name: str, address: int, *, lsb: int = 0, width: int = 64, **more) -> Csr:
    """A CSR of one nameless field, writable in every bit from `lsb` on."""
    return Csr(name, address, (Field("", lsb, width),), **more)


def fixed(name: str, address: int, value: int = 0, **more) -> Csr:
    """A CSR that always reads as `value`."""
    return Csr(name, address, (Field("", 0, 64, value, Kind.FIXED),), **more)


def envcfg(has) -> tuple[Field, ...]:
    """What menvcfg, senvcfg and henvcfg share; `has` tells whether there is an extension (rules menvcfg_cbze_rdonly0,
    menvcfg_cbcfe_rdonly0, menvcfg_cbie_rdonly0, cbxe_unaffected)."""
    return (Field("FIOM", 0), optional(has("zicbom"), Field("CBIE", 4, 2, legal=(0, 1, 3))),
            optional(has("zicbom"), Field("CBCFE", 6)), optional(has("zicboz"), Field("CBZE", 7)))


def zero(name: str, lsb: int, width: int = 1) -> Field:
    """A field of something that this machine does not have: read-only zero."""
    return Field(name, lsb, width, kind=Kind.FIXED)


def optional(present: bool, field: Field) -> Field:
    """`field`, or read-only zero in its place where the core lacks the extension that it is for."""
    return field if present else zero(field.name, field.lsb, field.width)


def pmm(name: str, lsb: int) -> Field:
    """A field that sets pointer masking: off, PMLEN 7, PMLEN 16. The reserved value becomes off (rule
    pmlen_illegal_warl)."""
    return Field(name, lsb, 2, legal=(0, 2, 3))


def tvec(name: str, address: int, **more) -> Csr:
    """mtvec, stvec or vstvec: Direct and Vectored; the reserved MODEs lose their bit 1 (rule mtvec_mode_enc)."""
    return Csr(name, address, (Field("MODE", 0, 2, legal=(0, 1), becomes=((3, 1),)), Field("BASE", 2, 62)), **more)


def cause(name: str, address: int, **more) -> Csr:
    """mcause, scause or vscause: WLRL, every value can be held."""
    return Csr(name, address, (Field("Code", 0, 63), Field("Interrupt", 63)), **more)


def counter_enables(*names: str) -> tuple[Field, ...]:
    """Fields of mcounteren and its kin; `names` are those of bits 0 to 2, "" for none."""
    low = tuple(Field(name, n) for n, name in enumerate(names) if name)
    return low + tuple(Field(f"HPM{n}", n) for n in range(3, 32))
