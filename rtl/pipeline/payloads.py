"""What flows down the pipeline: each stage nests what it was given and names what it adds."""

from amaranth.hdl import Cat, Mux
from amaranth.lib import data

from ..csr.access import Access
from ..isa.instructions import Format, Unit
from ..payloads import Context, Page
from ..units.alu import AluControls
from ..units.bits import BitControls
from .masking import Masking
from .shape import Shape


class Prediction(data.Struct):
    """What the predictor says of the eight bytes around a pc."""
    known: 1            # a jump or branch in them is remembered, and ends in the halfword `where`
    where: 2
    taken: 1            # fetch went on at `target` after it
    target: 64
    counter: 2          # of the branch: 2 and 3 predict taken


class Packet(data.Struct):
    """Eight naturally aligned bytes of code."""
    pc: 64              # of the first halfword that is wanted
    data: 64
    last: 2             # the last halfword that may be used
    prediction: Prediction
    faulted: 1          # the bytes cannot be fetched; why is in the fetch unit's `fault` until the next redirect


class Fetched(data.Struct):
    """An instruction as it left the memory."""
    pc: 64
    raw: 32             # a compressed one zero-extended
    compressed: 1
    faulted: 1          # the bytes cannot be fetched, and `raw` is 0
    fault_second: 1     # it is the second halfword that cannot
    known: 1            # the predictor remembers it
    taken: 1            # fetch went on at `target`
    target: 64
    counter: 2


class Decoded(data.Struct):
    """What the decoder adds."""
    fetched: Fetched
    bits: 32            # the instruction, expanded if it was compressed
    unit: Unit
    op: 4               # Amo or System, as `unit` has it; what the ALU does is in Controls
    word: 1
    immediate: Format
    uses_rs1: 1
    uses_rs2: 1
    writes_rd: 1
    uses_pc: 1          # the ALU's first operand is pc
    hypervisor: 1       # part of the H extension
    hlsv: 1             # HLV, HLVX or HSV
    hlvx: 1
    illegal: 1

    @property
    def rd(self):
        """Number of the register written, if `writes_rd`."""
        return self.bits[7:12]

    @property
    def rs1(self):
        """Number of the first register read, if `uses_rs1`."""
        return self.bits[15:20]

    @property
    def rs2(self):
        """Number of the second register read, if `uses_rs2`."""
        return self.bits[20:25]

    @property
    def size(self):
        """log2 of the bytes of a memory access, 3 bits. HLV and HSV have it elsewhere than the others."""
        return Cat(Mux(self.hlsv, self.bits[26:28], self.bits[12:14]),
                   (self.unit == Unit.CBO) | (self.unit == Unit.AMO) & self.bits[14])

    @property
    def unsigned(self):
        """Whether a load is zero-extended."""
        return Mux(self.hlsv, self.bits[20], self.bits[14])


class Forward(data.Struct):
    """A register about to be written, offered to the instructions behind."""
    valid: 1            # there is one; never x0
    rd: 5
    known: 1            # `value` is known in this cycle
    value: 64


class Controls(data.Struct):
    """What execute has to know of an instruction at the very start of its cycle: bits that need no decoding."""
    alu: AluControls
    bits: BitControls
    branch: 1
    jump: 1
    memory: 1           # a load, store or AMO
    sums: 1             # the result is that of the adder of addresses, not that of the ALU
    from_pc: 1          # this adder adds to pc, not to rs1
    known: 1            # what it writes is known at the end of this cycle
    late: 1             # the result is that of the BitUnit


class Issued(data.Struct):
    """What issue adds: the operands; 0 for one that is not used."""
    decoded: Decoded
    controls: Controls
    a: 64               # rs1
    b: 64               # rs2
    number: 32          # the immediate, sign-extended


class Executed(data.Struct):
    """What execute adds."""
    decoded: Decoded
    a: 64               # rs1: a fence's address, a CSR's operand
    b: 64               # rs2: what is stored, a fence's id
    result: 64          # for rd, of ALU and jumps; the address of a load, store or AMO
    next_pc: 64         # where the program goes on if nothing traps
    barred: 1           # it traps without being tried: it was not fetched, its mode may not, or it is a call
    memory: 1           # a load, store or AMO that is tried: what follows is meant for the load-store unit
    offset: 12          # bits 11:0 of its address, known earlier in the cycle than `result`
    form: Shape
    context: Context
    masking: Masking
    page: Page
    page_known: 1       # the first-level TLB had the page, and the access is allowed
    access: Access      # whether the mode allows it: H loads and stores, xRET, WFI, fences; that WRS.NTO waits too long

