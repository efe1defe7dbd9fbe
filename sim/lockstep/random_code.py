"""The bodies of random programs: streams of instructions without a way back but counted loops.

Register use: x1 to x19 are free, and written at random. x20 counts loops; x21 and x22 are scratch of one item; x23 is
a pointer; x24 is M-mode's way on; x25 is left alone, for self_check.py; x26 points to data; x27 is where a failed fetch
resumes; x28 holds a marker at the end; x29 to x31 are the handlers', and no body reads them. Memory is reached through
x23 and x26 alone, so no store can hit code. A compressed instruction that may trap is followed by C.NOP, so a handler
that skips four bytes always does the right thing.
"""

from functools import partial
from random import Random

from ...rtl.config import CoreConfig
from ...rtl.isa import compressed, instructions
from ...rtl.isa.hints import HINTS
from ...rtl.isa.instructions import BY_NAME, INSTRUCTIONS, Amo, Unit
from ...rtl.isa.modes import Mode
from .assembler import (
    C_NOP,
    Code,
    csr,
    li,
    op,
    random_compressed,
    random_illegal,
    random_illegal_compressed,
)

LOOP, SCRATCH, OTHER, POINTER, NEXT, DATA, RESUME, MARKER = 20, 21, 22, 23, 24, 26, 27, 28
END = 0x5a5
FREE = 20

ARITHMETIC = (Unit.ALU, Unit.MUL, Unit.DIV)
GUEST = [i for i in INSTRUCTIONS if i.hypervisor and i.unit in (Unit.LOAD, Unit.STORE)]
FENCES = ("sfence.vma", "hfence.vvma", "hfence.gvma", "sinval.vma", "hinval.vvma", "hinval.gvma")
C_STACK = ("c.lwsp", "c.ldsp", "c.swsp", "c.sdsp")

FREELY_WRITTEN = """sstatus vsstatus mie sie hie vsie mip sip hip hvip vsip mepc mcause mtval mtval2 mtinst sepc scause
    stval htval htinst vsepc vscause vstval mcounteren scounteren hcounteren mcountinhibit mcycle minstret mhpmcounter3
    mhpmevent3 senvcfg mstateen0 mstateen1 hstateen0 hstateen2 sstateen0 siselect vsiselect miselect
    htimedelta stimecmp vstimecmp hgeie hideleg hedeleg mideleg medeleg mhpmcounter4 mhpmevent4
    mcyclecfg minstretcfg""".split()
"""CSRs that a body may write with anything: no handler depends on them, or it copes."""
MSTATUS_BITS = (1, 3, 5, 7, 8, 11, 12, 18, 19, 20, 21, 22, 24)  # all but MPRV, which has an item of its own, and MDT
ADUE, DTE = 1 << 61, 1 << 59
"""Of menvcfg and henvcfg. DTE stays within a body: for an SDT that had been hidden and comes back, Spike clears SIE
where no CSR instruction writes it. ADUE is for programs whose entries are changed to such as have A and D."""
HSTATUS_BITS = (6, 7, 8, 9, 20, 21, 22)


class Body:
    """Adds random items to `code`.

    Parameters
    ----------
    random : Random
    config : CoreConfig
        The core, whose instructions are used.
    csrs : dict of str to int
        Names and addresses of its CSRs.
    pointers : list of int
        Addresses that x23 may be set to.
    nowhere : list of int
        Addresses from which a fetch fails in every mode.
    mode : Mode
        In which the body mostly runs; one of HS may come to run in VS, too, and so on.
    lockdown : bool
        PMP lets the program live with mseccfg.MML=1.
    adue : bool
        A and D may be set by hardware.
    more : sequence of (function, int)
        Further items, which are given the Body, and their weights.
    """
    def __init__(self, random: Random, config: CoreConfig, csrs: dict, pointers: list, nowhere: list, mode: Mode,
                 lockdown: bool, adue: bool, more=()):
        self.random, self.csrs, self.pointers, self.nowhere = random, csrs, pointers, nowhere
        self.environment_bits = (1 << 64) - 1 & ~DTE & ~(0 if adue else ADUE)
        self.instructions, self.compressed = instructions.table(config), compressed.table(config)
        self.arithmetic = [i for i in self.instructions if i.unit in ARITHMETIC and i.name != "auipc"]
        self.accesses = [i for i in self.instructions if i.unit in (Unit.LOAD, Unit.STORE) and "i" in i.operands]
        self.amos, self.branches = ([i for i in self.instructions if i.unit == unit]
                                    for unit in (Unit.AMO, Unit.BRANCH))
        self.on_blocks = [i for i in self.instructions if i.unit == Unit.CBO]
        self.block_items = [self.on_block] if self.on_blocks else []
        self.swaps = [i for i in self.amos if i.op == Amo.CAS]
        c_units = {row.name: BY_NAME[row.expands_to].unit for row in self.compressed if row.expands_to}
        self.c_arithmetic = tuple(name for name, unit in c_units.items() if unit in ARITHMETIC)
        self.c_memory = tuple(name for name, unit in c_units.items()
                              if unit in (Unit.LOAD, Unit.STORE) and name not in C_STACK)
        self.lockdown = lockdown
        simple = [(self.alu, 30), (self.compressed_alu, 20), (self.access, 24), (self.compressed_access, 8),
                  (self.amo, 5), (self.reservation, 2), (self.branch, 10), (self.fence, 1), (self.hint, 1),
                  (self.pointer, 5), *((each, 3) for each in self.block_items)]
        waits = [(self.wait_for_store, 1)] if config.has("zawrs") else []
        privilege, often = mode.value & 3, {Mode.M: 12, Mode.HS: 12, Mode.VS: 8}.get(mode, 4)  # the others mostly trap
        odd = [(self.csr, often), (self.environment, often // 4), (self.illegal, 2), (self.call, 2),
               (self.guest_access, often // 3), (self.system, 1),
               (self.loop, 2), (self.lost, 1), (self.translation_fence, often // 5)]
        own = {3: [(self.modify_privilege, 3), (self.wait, 1), (self.status, 2), (self.security, 1)],
               1: [(self.status, 2), (self.same_satp, 1)], 0: [(self.wait_for_nothing, 1)]}
        further = [(partial(function, self), weight) for function, weight in more]
        self.simple, self.items = simple, simple + odd + waits + own[privilege] + further
        self.mode, self.privilege, self.labels = mode, privilege, 0

    def write(self, code: Code, count: int):
        """`count` items, then the marker and ECALL."""
        self.code, self.first, self.last = code, self.labels, self.labels + count
        self.pointer()
        for _ in range(count):
            self.item(self.items)
        self.code.label(("item", self, self.last))
        self.code.align(4)
        self.code.add(*li(MARKER, END), op("ecall"))

    def item(self, items):
        """One of `items`, by their weights, with a label before it."""
        self.code.label(("item", self, self.labels))
        self.labels += 1
        choose, weights = zip(*items, strict=True)
        self.random.choices(choose, weights)[0]()

    def entries(self) -> list[int]:
        """Addresses at which one may enter what has been written."""
        return [self.code.where(("item", self, n)) for n in range(self.first, self.last)]

    def ahead(self, items: int):
        """The label of the item so many after the next one, or of the end."""
        return ("item", self, min(self.labels + items, self.last))

    def any(self) -> int:
        """A register to read."""
        return self.random.randrange(FREE)

    def base(self) -> int:
        """A register with an address."""
        return self.random.choice((POINTER, DATA, DATA))

    def random_operands(self, instruction, **fixed) -> int:
        """The instruction with random operands, but for those in `fixed`."""
        choose = {"d": self.random.randrange(FREE), "s": self.any(), "t": self.any(), "i": self.random.getrandbits(32),
                  "h": self.random.getrandbits(6), "q": self.random.getrandbits(2), "n": self.random.getrandbits(5),
                  "f": self.random.getrandbits(12)}
        return instruction.encode(**choose | fixed)

    def alu(self):
        """Arithmetic."""
        self.code.add(self.random_operands(self.random.choice(self.arithmetic)))

    def compressed_alu(self):
        """Compressed arithmetic, on registers that may be written."""
        while True:
            word = random_compressed(self.random, self.c_arithmetic, self.compressed)
            if word & 3 == 0 or word & 3 == 1 and word >> 13 == 4 or word >> 7 & 31 < FREE:
                return self.code.add(word)

    def access(self):
        """A load or a store."""
        offset = self.random.choice((self.random.randrange(-2048, 2048), self.random.randrange(-256, 256) * 8))
        self.code.add(self.random_operands(self.random.choice(self.accesses), s=self.base(), i=offset))

    def compressed_access(self):
        """A compressed load or store."""
        if self.random.random() < 0.7:
            word = random_compressed(self.random, self.c_memory, self.compressed)
            base = (word >> 7 & 7) + 8
        else:
            word, base = random_compressed(self.random, C_STACK, self.compressed), 2
            if word >> 13 < 4 and (word >> 7 & 31) >= FREE:
                word &= ~(1 << 11)
            if word >> 13 < 4 and not word >> 7 & 31:
                word |= 1 << 7
        self.code.add(op("add", d=base, s=self.base()), word, C_NOP)

    def amo(self):
        """An AMO."""
        base, d, r = self.aligned(), self.random.randrange(FREE), self.random
        if self.swaps and r.random() < 0.3:
            if r.random() < 0.6:  # most of these will find what they expect
                d &= ~1
                self.code.add(op("ld", d=d, s=base), op("ld", d=d + 1, s=base, i=8))
            return self.code.add(self.random_operands(r.choice(self.swaps), s=base, d=d))
        self.code.add(self.random_operands(r.choice(self.amos), s=base, d=d))

    def on_block(self):
        """An instruction on a cache block."""
        self.code.add(self.random_operands(self.random.choice(self.on_blocks), s=self.base()))

    def aligned(self) -> int:
        """A register with an address that is mostly aligned to 8."""
        if self.random.random() < 0.2:
            return self.base()
        self.code.add(op("andi", d=SCRATCH, s=self.base(), i=-8 if self.random.random() < 0.8 else -4))
        return SCRATCH

    def reservation(self):
        """LR, some instructions, SC."""
        suffix, base = self.random.choice("wd"), self.aligned()
        self.code.add(op(f"lr.{suffix}", d=self.any(), s=base, q=self.random.getrandbits(2)))
        for _ in range(self.random.randrange(3)):
            self.alu()
        if self.random.random() < 0.9:
            self.code.add(op(f"sc.{self.random.choice((suffix, suffix, 'w'))}", d=self.any(), s=base, t=self.any(),
                             q=self.random.getrandbits(2)))

    def wait_for_store(self):
        """WRS.STO after LR, or WRS.NTO once an SC has surely ended the reservation."""
        if self.random.random() < 0.5:
            self.code.add(op("lr.d", d=self.any(), s=self.aligned()), op("wrs.sto"))
            return
        skip = ("waited", self, self.labels)
        self.code.add(op("addi", d=OTHER, i=2), op("sc.w", d=OTHER, s=DATA, t=self.any()),
                      op("addi", d=OTHER, s=OTHER, i=-2))
        self.code.branch("beq", OTHER, 0, skip)
        self.code.add(op("wrs.nto"))
        self.code.label(skip)

    def branch(self):
        """A branch or a jump to an item that comes soon."""
        label, kind = self.ahead(self.random.randrange(5)), self.random.randrange(8)
        if kind == 0:
            link = self.random.choice((0, 1, 5))
            self.code.to(label, lambda distance: op("jal", d=link, i=distance))
        elif kind == 1:
            link = self.random.choice((0, 1, 5))
            self.code.load_address(SCRATCH, label)
            self.code.add(op("jalr", d=link, s=SCRATCH))
        elif kind == 2:
            self.code.load_address(SCRATCH, label)
            self.code.add(self.random.choice((0x8002, 0x9002)) | SCRATCH << 7)  # c.jr, c.jalr
        else:
            name, s, t = self.random.choice(self.branches).name, self.any(), self.any()
            self.code.branch(name, s, t, label)

    def fence(self):
        """FENCE or FENCE.I."""
        self.code.add(self.random.choice((op("fence", f=0xff), op("fence", f=0x833), op("fence.i"))))

    def hint(self):
        """PAUSE, or one of the NTL instructions."""
        self.code.add(self.random.choice([*HINTS]))

    def pointer(self):
        """x23 from a constant that stands in the code."""
        value = self.random.choice(self.pointers) + self.random.choice((0, 0, 0, 8, -1, -4, self.random.randrange(64)))
        value ^= self.random.choice((0, 0, 0, 0, self.random.getrandbits(7) << 57, self.random.getrandbits(16) << 48))
        self.code.align(8, 4)
        self.code.add(op("auipc", d=POINTER), op("ld", d=POINTER, s=POINTER, i=12), op("jal", i=12))
        self.code.data((value & (1 << 64) - 1).to_bytes(8, "little"))

    def csr(self):
        """A CSR instruction, mostly on a CSR that exists."""
        r = self.random
        if r.random() < 0.5:
            address = r.choice((*self.csrs.values(), r.getrandbits(12)))
            return self.code.add(csr(r.choice(("csrrs", "csrrc")), address, d=self.any()))
        address = self.csrs.get(chosen := r.choice(FREELY_WRITTEN))
        if address is None:
            return self.alu()
        name = r.choice(("csrrw", "csrrs", "csrrc"))
        if r.random() < 0.5:
            self.code.add(csr(name + "i", address, d=self.any(), i=r.getrandbits(5)))
        else:
            self.code.add(csr(name, address, d=self.any(), s=self.any()))
        if chosen == "medeleg":  # HS ends its work by an ECALL to M
            self.code.add(*li(SCRATCH, 1 << 9), csr("csrrc", address, s=SCRATCH))

    def environment(self):
        """Bits of menvcfg or henvcfg."""
        address = self.csrs.get(self.random.choice(("menvcfg", "henvcfg")), 0)
        if address:
            bits = self.random.choice((1 << 63, self.random.getrandbits(64))) & self.environment_bits
            self.code.add(*li(SCRATCH, bits), csr(self.random.choice(("csrrs", "csrrc")), address,
                                                  d=self.any(), s=SCRATCH))

    def status(self):
        """Bits of mstatus, sstatus or hstatus, which a handler does not depend on."""
        own = "mstatus" if self.privilege == 3 else "sstatus"
        name, bits = self.random.choice(((own, MSTATUS_BITS), ("hstatus", HSTATUS_BITS)))
        if name in self.csrs:
            mask = sum(1 << bit for bit in bits if self.random.random() < 0.3)
            self.code.add(*li(SCRATCH, mask), csr(self.random.choice(("csrrs", "csrrc")), self.csrs[name],
                                                  d=self.any(), s=SCRATCH))

    def security(self):
        """mseccfg: MMWP and RLB, and MML where the program can live with it."""
        if "mseccfg" in self.csrs:
            value = self.random.choice((0, 2, 4, 6)) | self.lockdown
            name = self.random.choice(("csrrwi", "csrrsi", "csrrci"))
            self.code.add(csr(name, self.csrs["mseccfg"], d=self.any(), i=value))

    def illegal(self):
        """A word that is no instruction."""
        if self.random.random() < 0.3:
            self.code.add(random_illegal_compressed(self.random, self.compressed), C_NOP)
        else:
            self.code.add(random_illegal(self.random, self.instructions))

    def call(self):
        """ECALL or EBREAK."""
        self.code.add(*self.random.choice(((op("ecall"),), (op("ebreak"),), (0x9002, C_NOP))))

    def guest_access(self):
        """HLV, HLVX or HSV."""
        self.code.add(self.random_operands(self.random.choice(GUEST), s=self.base()))

    def system(self):
        """xRETs where they are refused: MRET below M (a body of M has its own), SRET in U."""
        self.code.add(op("mret") if self.privilege < 3 else op("fence"))
        if self.privilege == 0:
            self.code.add(op("sret"))

    def translation_fence(self):
        """SFENCE.VMA, HFENCE, SINVAL.VMA or HINVAL, which do the same; among what is illegal where Svinval is not."""
        name = self.random.choice(FENCES)
        self.code.add(op("sfence.w.inval"), op(name, s=self.random.choice((0, self.base())),
                                               t=self.random.choice((0, self.any()))), op("sfence.inval.ir"))

    def loop(self):
        """A few items, a few times."""
        self.code.add(op("addi", d=LOOP, i=self.random.randrange(2, 6)))
        top = ("loop", self, self.labels)
        self.code.label(top)
        for _ in range(self.random.randrange(1, 8)):
            choose = self.random.choice((self.alu, self.compressed_alu, self.access, self.amo))
            choose()
        self.code.add(op("addi", d=LOOP, s=LOOP, i=-1))
        self.code.branch("bne", LOOP, 0, top)

    def lost(self):
        """A jump to nowhere."""
        back = ("back", self, self.labels)
        self.code.load_address(RESUME, back)
        self.code.add(*li(SCRATCH, self.random.choice(self.nowhere)),
                      op("jalr", d=self.random.choice((0, 1)), s=SCRATCH, i=self.random.randrange(-64, 64)))
        self.code.label(back)

    def modify_privilege(self):
        """M reaches memory as another mode does."""
        mstatus, r = self.csrs["mstatus"], self.random
        mpv = 1 << 39
        self.code.add(*li(SCRATCH, 3 << 11 | mpv), csr("csrrc", mstatus, s=SCRATCH))
        self.code.add(*li(SCRATCH, 1 << 17 | r.choice((0, 1, 3)) << 11 | r.choice((0, mpv))))
        self.code.add(csr("csrrs", mstatus, s=SCRATCH))
        for _ in range(r.randrange(1, 4)):
            r.choice((self.access, self.access, self.amo, self.guest_access))()
        self.code.add(*li(SCRATCH, 1 << 17), csr("csrrc", mstatus, s=SCRATCH))

    def same_satp(self):
        """satp, written with what it holds."""
        self.code.add(csr("csrrs", self.csrs["satp"], d=SCRATCH), csr("csrrw", self.csrs["satp"], s=SCRATCH))

    def wait(self):
        """WFI with an interrupt that ends it, and that no handler silences before."""
        mstatus = self.csrs["mstatus"]
        self.code.add(csr("csrrci", mstatus, i=8), csr("csrrsi", self.csrs["mie"], i=2),
                      csr("csrrsi", self.csrs["mip"], i=2), op("wfi"), csr("csrrsi", mstatus, d=self.any(), i=8))

    def wait_for_nothing(self):
        """WFI where an interrupt is pending already, or where it is refused."""
        self.code.add(op("wfi"))
