"""The bodies of aimed iterations: for each bin a few instructions that should meet it."""

from ...rtl.isa.causes import ACCESS_FAULT, ADDRESS_MISALIGNED, GUEST_PAGE_FAULT, PAGE_FAULT, Cause
from ...rtl.isa.modes import Mode
from ...rtl.mmu.refusal import Refusal
from ..coverage import crosses, words
from .assembler import Code, csr, li, op
from .random_code import DATA, END, MARKER, OTHER, POINTER, RESUME, SCRATCH
from .random_tables import READ_WRITE, G, U, X

MPRV, MPP_S, MPP, MPV = 1 << 17, 1 << 11, 3 << 11, 1 << 39
ANOTHER_ID = 5
ECALLS = Cause.ECALL_U, Cause.ECALL_HS, Cause.ECALL_VS, Cause.ECALL_M
LOADS, STORES, BLOCKS = ("ld", "lw", "lbu", "lr.d"), ("sd", "sb", "amoadd.d"), ("cbo.clean", "cbo.flush", "cbo.inval")


class AimedBody:
    """Writes the body of `aimed`, an aims_driver.Aimed, into `code`."""

    def __init__(self, aimed, code: Code):
        self.aimed, self.code, self.random = aimed, code, aimed.random
        self.state, self.tables, self.csrs = aimed.state, aimed.tables, aimed.maker.csrs

    def write(self):
        """Every bin of the group, in an order of its own each time."""
        bins = list(self.aimed.group.bins)
        self.random.shuffle(bins)
        for n, each in enumerate(bins):
            self.label = ("aim", self, n)
            WRITERS[self.aimed.group.cross](self, *each)
        self.code.align(4)
        self.code.add(*li(MARKER, END), op("ecall"))

    # Accesses.

    def refusal(self, _mode, access, stage, place, reason, _taken_in):
        """An access to an address that is refused."""
        if access in words.HLSV:
            user = not self.aimed.spvp
        elif self.state.mode == Mode.M:
            user = self.random.random() < 0.5
        else:
            user = self.state.mode in (Mode.U, Mode.VU)
        address = self.tables.address(access, stage, place, reason, user)
        if access == "fetch":
            return self.fetch(address)
        self.code.add(*li(POINTER, address))
        by_mprv = self.state.mode == Mode.M and access not in words.HLSV and stage != words.BARE
        if by_mprv:
            how = MPRV | (0 if user else MPP_S) | (0 if stage == words.ONE else MPV)
            self.code.add(*li(SCRATCH, MPP | MPV), csr("csrrc", self.csrs["mstatus"], s=SCRATCH),
                          *li(SCRATCH, how), csr("csrrs", self.csrs["mstatus"], s=SCRATCH))
        self.access(access)
        if by_mprv:
            self.code.add(*li(SCRATCH, MPRV), csr("csrrc", self.csrs["mstatus"], s=SCRATCH))

    def access(self, access: str):
        """An instruction that makes such an access at POINTER."""
        d, t = self.random.randrange(1, 20), self.random.randrange(20)
        choice = self.random.choice
        if access == "load":
            self.code.add(op(choice(LOADS), d=d, s=POINTER))
        elif access == "store":
            self.code.add(op(choice(STORES), d=d, s=POINTER, t=t))
        elif access == "block":
            self.code.add(op(choice(BLOCKS), s=POINTER))
        else:
            name = {"HLV": "hlv.d", "HLVX": "hlvx.wu", "HSV": "hsv.d"}[access]
            self.code.add(op(name, d=d, s=POINTER, t=t))

    def fetch(self, address: int):
        """A jump to an address from which nothing can be fetched."""
        self.code.load_address(RESUME, self.label)
        self.code.add(*li(SCRATCH, address), op("jalr", s=SCRATCH))
        self.code.label(self.label)

    # CSRs and instructions.

    def csr(self, name, _mode, outcome):
        """An access of a CSR that changes nothing."""
        csr_row = self.aimed.csr_rows[name]
        writes = outcome == words.WRITE or outcome == words.ILLEGAL and csr_row.is_read_only
        if writes:
            self.code.add(op("addi", d=SCRATCH))
        self.code.add(csr(self.random.choice(("csrrs", "csrrc")), self.csrs[name], d=self.random.randrange(1, 20),
                          s=SCRATCH if writes else 0))

    def instruction(self, name, _mode, outcome):
        """An instruction that not every mode may execute."""
        if name == "mret" and self.state.mode == Mode.M or name == "sret" and outcome == words.DONE:
            return  # bodies left to chance have them
        if name in words.HLSV:
            self.code.add(*li(POINTER, self.tables.shown(words.VS, READ_WRITE | X | (0 if self.aimed.spvp else U),
                                                         self.guest_page())))
            self.access(name)
        elif name.startswith("cbo"):
            self.code.add(op(name, s=DATA))
        elif name == "wrs.nto":
            # A valid reservation lets it wait until TW or VTW has it trap; where it may wait for ever there is none.
            self.code.add(op("sc.d", d=5, s=DATA) if outcome == words.DONE else op("lr.d", d=5, s=DATA), op(name))
        elif name == "wfi" and outcome == words.DONE:
            return  # nothing would wake it
        else:
            self.code.add(op(name))

    def guest_page(self) -> int:
        """A page of data as a guest has it."""
        return self.tables.shown(words.G, READ_WRITE | X | U)

    def fence(self, name, rs1, rs2, _mode, _outcome):
        """A fence with such operands."""
        self.code.add(op(name, s=DATA if rs1 != "x0" else 0, t=DATA if rs2 != "x0" else 0))

    def after_fence(self, name, rs1, rs2, memory_of, translation):
        """A page is reached, the fence done, and the page reached again."""
        flags = READ_WRITE | X
        stage = words.ONE if memory_of == words.SINGLE else words.VS
        if memory_of == words.GUEST and not self.aimed.spvp:
            flags |= U
        if translation == words.KEPT and rs2 == words.OWN_ID and rs1 != words.OTHER_PAGE:
            flags |= G
        physical = self.aimed.cut_page if translation == words.WALKED else self.aimed.whole_page
        page = self.tables.shown(stage, flags, physical)
        other = self.tables.shown(stage, flags, physical)
        operand = page if rs1 == words.OWN_PAGE else other
        self.code.add(*li(POINTER, page), *li(SCRATCH, operand >> (2 if name.endswith("gvma") else 0)),
                      op("addi", d=OTHER, i=0 if rs2 == words.OWN_ID else ANOTHER_ID))
        load = op("hlv.d" if memory_of == words.GUEST else "ld", d=5, s=POINTER)
        self.code.add(load, op(name, s=0 if rs1 == "x0" else SCRATCH, t=0 if rs2 == "x0" else OTHER), load)

    # Traps.

    def interrupt(self, *_):
        """Time for an interrupt."""
        self.code.add(*[op("addi")] * 4)

    def exception(self, _mode, cause, _taken_in):
        """An instruction that raises the exception; those of page tables are met on the way to other bins."""
        number = Cause[cause]
        if number == Cause.ILLEGAL_INSTRUCTION:
            self.code.add(csr("csrrs", 0x5c0, d=1))
        elif number == Cause.BREAKPOINT:
            self.code.add(op("ebreak"))
        elif number in ECALLS:
            self.code.add(op("ecall"))
        elif number == Cause.VIRTUAL_INSTRUCTION:
            self.code.add(op("hfence.vvma"))
        elif number in ADDRESS_MISALIGNED:
            name = "lr.d" if number == Cause.LOAD_ADDRESS_MISALIGNED else "amoadd.d"
            self.code.add(op("addi", d=SCRATCH, s=DATA, i=1), op(name, d=5, s=SCRATCH))
        else:
            self.fault(number)

    def fault(self, cause: Cause):
        """An access that ends in this fault."""
        for causes in ACCESS_FAULT, PAGE_FAULT, GUEST_PAGE_FAULT:
            if cause in causes:
                reach, mode = causes.index(cause), self.state.mode
                access = ("fetch", "load", "store")[reach]
                first = words.VS if mode in words.GUESTS else words.ONE
                if causes is ACCESS_FAULT:
                    stage = words.BARE if mode == Mode.M else words.G if mode in words.GUESTS else first
                    self.refusal(mode, access, stage, words.PAGE, Refusal.PROTECTION.name, "")
                elif causes is PAGE_FAULT:
                    self.refusal(mode, access, first, "level 0", Refusal.INVALID.name, "")
                else:
                    of_guest = access if mode in words.GUESTS else ("", "HLV", "HSV")[reach]
                    self.refusal(mode, of_guest, words.G, "level 0", Refusal.INVALID.name, "")


WRITERS = {crosses.REFUSAL: AimedBody.refusal, crosses.CSR: AimedBody.csr, crosses.INSTRUCTION: AimedBody.instruction,
           crosses.FENCE: AimedBody.fence, crosses.AFTER: AimedBody.after_fence,
           crosses.INTERRUPT: AimedBody.interrupt, crosses.TRAP: AimedBody.exception}
