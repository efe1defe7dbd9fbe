"""What the tests of the CSR file share: `play` runs a scenario in which they stand in for commit."""

import pytest
from testbench import Bench

from hyacinth.rtl.config import FULL
from hyacinth.rtl.csr.access import Access
from hyacinth.rtl.csr.file import CsrFile
from hyacinth.rtl.isa.csrs import table
from hyacinth.rtl.isa.modes import Mode

ANYTHING = (1 << 64) - 1
MPP_SHIFT, MPV_BIT = 11, 1 << 39


class Software:
    """Executes CSR instructions, traps and returns on a CsrFile, one at a time, as commit does."""

    def __init__(self, ctx, dut, csrs):
        self.ctx, self.dut, self.csrs = ctx, dut, csrs

    def address(self, csr):
        return csr if isinstance(csr, int) else self.csrs[csr].address

    async def execute(self, csr, operand=0, *, write=0, set=0, clear=0):
        """A CSR instruction: its Access, what rd gets, and the CSR read back, if it was written."""
        ctx, port = self.ctx, self.dut.csr
        ctx.set(port.op, {"address": self.address(csr), "write": write, "set": set, "clear": clear,
                          "operand": operand})
        await ctx.tick()
        access, value = Access(ctx.get(port.answer)), ctx.get(port.read_data)
        written = None
        if write and access == Access.OK:
            ctx.set(port.write, 1)
            ctx.set(port.retired, 1)
            await ctx.tick()
            ctx.set(port.write, 0)
            ctx.set(port.retired, 0)
            written = ctx.get(port.written)
        return access, value, written

    async def access(self, csr, write=0):
        """Whether the current mode may; nothing is written."""
        self.ctx.set(self.dut.csr.op, {"address": self.address(csr), "write": write})
        await self.ctx.tick()
        return Access(self.ctx.get(self.dut.csr.answer))

    async def in_every_mode(self, csr, write=0):
        """Whether U, HS, M, VU and VS may, in this order; then the mode is M."""
        answers = []
        for mode in (Mode.U, Mode.HS, Mode.M, Mode.VU, Mode.VS):
            await self.enter(mode)
            answers.append(await self.access(csr, write))
        await self.to_m()
        return tuple(answers)

    async def read(self, csr):
        access, value, _ = await self.execute(csr)
        assert access == Access.OK, f"{csr}: {access.name}"
        return value

    async def write(self, csr, value, **how):
        """CSRRW, or another with `how`; the value read back."""
        access, _, written = await self.execute(csr, value & ANYTHING, write=1, **how)
        assert access == Access.OK, f"{csr}: {access.name}"
        return written

    async def set(self, csr, bits):
        return await self.write(csr, bits, set=1)

    async def clear(self, csr, bits):
        return await self.write(csr, bits, clear=1)

    def peek(self, csr):
        """The CSR as the debugger sees it."""
        self.ctx.set(self.dut.inspect_enable, 1)
        self.ctx.set(self.dut.inspect_address, self.address(csr))
        value = self.ctx.get(self.dut.inspect_value)
        self.ctx.set(self.dut.inspect_enable, 0)
        return value

    def field(self, path):
        """Of "csr.FIELD", as the debugger sees it."""
        name, field = path.split(".")
        return self.csrs[name].decode(self.peek(name))[field]

    @property
    def mode(self):
        return Mode(self.ctx.get(self.dut.csr.status.mode))

    async def trap(self, code, *, interrupt=0, pc=0x8000_0000, tval=0, gva=0, gpa=0, tinst=0):
        """A trap; where the hart goes on, and in which mode."""
        ctx, port = self.ctx, self.dut.csr
        ctx.set(port.trap.payload, {"interrupt": interrupt, "code": code, "pc": pc, "tval": tval, "gva": gva,
                                    "gpa": gpa, "tinst": tinst})
        ctx.set(port.trap.valid, 1)
        return await self._taken(port.trap.valid)

    async def mret(self):
        self.ctx.set(self.dut.csr.mret, 1)
        self.ctx.set(self.dut.csr.xret, 1)
        return await self._taken(self.dut.csr.xret)

    async def sret(self):
        self.ctx.set(self.dut.csr.mret, 0)
        self.ctx.set(self.dut.csr.xret, 1)
        return await self._taken(self.dut.csr.xret)

    async def _taken(self, cause):
        taken = self.ctx.get(self.dut.csr.taken.pc), Mode(self.ctx.get(self.dut.csr.taken.mode))
        await self.ctx.tick()
        self.ctx.set(cause, 0)
        return taken

    async def to_m(self):
        """Back to M-mode by an exception that nobody delegates."""
        if self.mode != Mode.M:
            assert self.peek("medeleg") >> 16 & 1 == 0
            await self.trap(16)

    async def enter(self, mode):
        """Go to `mode`, through M-mode and MRET."""
        await self.to_m()
        status = self.peek("mstatus") & ~(3 << MPP_SHIFT | MPV_BIT)
        await self.write("mstatus", status | (mode & 3) << MPP_SHIFT | (MPV_BIT if mode & 4 else 0))
        await self.mret()
        assert self.mode == mode

    async def pause(self, cycles=3):
        """Until timers and interrupts have settled."""
        await self.ctx.tick().repeat(cycles)


benches = {}
"""By configuration: a CsrFile that was made once and is used by many tests, each after a reset."""


@pytest.fixture
def play():
    """`play(scenario, config)` runs `await scenario(software)` on a CsrFile after reset."""
    def run(scenario, config=FULL, deadline=50_000):
        # One that a test has failed on is not used again.
        bench = benches.pop(config, None) or Bench(CsrFile(config))
        bench.deadline = deadline

        async def process(ctx):
            await scenario(Software(ctx, bench.dut, table(config)))

        bench.run(process)
        benches[config] = bench

    return run
