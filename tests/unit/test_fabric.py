# amaranth: UnusedElaboratable=no
from random import Random

import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, connect, flipped
from busmodel import BusMemory, bus_read, bus_read_line, bus_write, bus_write_line
from paths import combinational_paths
from testbench import Bench, assert_exports

from hyacinth.rtl.bus import BusSignature
from hyacinth.rtl.config import PLIC, RAM, ROM, UART, Region
from hyacinth.rtl.devices.ram import BlockRam
from hyacinth.rtl.fabric import Arbiter, Decoder

SLAVES = {"uart": (UART,), "plic": (PLIC,), "memory": (ROM, RAM)}


class Shared(wiring.Component):
    """Masters that share one RAM."""
    def __init__(self, masters):
        super().__init__({"masters": In(BusSignature()).array(masters)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.arbiter = arbiter = Arbiter(len(self.masters))
        m.submodules.ram = ram = BlockRam(RAM.base, 0x1000)
        for outer, inner in zip(self.masters, arbiter.masters, strict=True):
            connect(m, flipped(outer), inner)
        connect(m, arbiter.bus, ram.bus)
        return m


def test_they_export():
    assert_exports(Arbiter(3))
    assert_exports(Decoder(SLAVES))


def test_no_request_depends_on_a_response_or_on_ready():
    for dut, prefix in ((Arbiter(3), "bus__request"), (Decoder(SLAVES), "memory__request")):
        sources = {source for output, source in combinational_paths(dut)
                   if output.startswith(prefix) and not output.endswith("ready")}
        assert sources
        assert not [source for source in sources if "response" in source or source.endswith("ready")]


def test_one_master_alone_is_served_again_and_again():
    dut = Shared(3)

    async def master(ctx):
        for n in range(10):
            await bus_write(ctx, dut.masters[2], RAM.base + 8 * n, n)
            assert await bus_read(ctx, dut.masters[2], RAM.base + 8 * n) == n

    Bench(dut).run(master)


def test_masters_do_not_disturb_each_other():
    dut, random = Shared(3), Random(5)

    def master(index):
        bus, base = dut.masters[index], RAM.base + 0x400 * index

        async def process(ctx):
            held = {}
            for _ in range(60):
                line = base + 64 * random.randrange(4)
                kind = random.randrange(3)
                if kind == 0:
                    held[line] = [random.getrandbits(64) for _ in range(8)]
                    assert await bus_write_line(ctx, bus, line, held[line])
                elif kind == 1:
                    assert await bus_read_line(ctx, bus, line) == held.get(line, [0] * 8)
                else:
                    assert await bus_read(ctx, bus, line + 8) == held.get(line, [0] * 8)[1]
                if random.random() < 0.5:
                    await ctx.tick().repeat(random.randrange(1, 6))
        return process

    Bench(dut, deadline=10_000).run(*map(master, range(3)))


def test_masters_that_never_rest_all_go_on():
    dut, served = Shared(3), [0, 0, 0]

    def master(index):
        async def process(ctx):
            while True:
                await bus_read(ctx, dut.masters[index], RAM.base)
                served[index] += 1
        return process

    async def wait(ctx):
        await ctx.tick().repeat(300)

    Bench(dut).run(wait, background=tuple(map(master, range(3))))
    assert max(served) - min(served) <= 1
    assert min(served) > 10


def decode(scenario):
    dut = Decoder(SLAVES)
    memories = {name: BusMemory(getattr(dut, name), Random(name)) for name in SLAVES}

    async def process(ctx):
        await scenario(ctx, dut.bus, memories)

    Bench(dut).run(process, background=tuple(memory.serve for memory in memories.values()))


def test_the_first_and_last_bytes_of_a_region_reach_its_slave_alone():
    async def scenario(ctx, bus, memories):
        for name, regions in SLAVES.items():
            for region in regions:
                for address in (region.base, region.base + region.size - 8):
                    for memory in memories.values():
                        memory.log.clear()
                    assert await bus_read(ctx, bus, address) == memories[name].word(address)
                    assert {other: len(memory.log) for other, memory in memories.items()} == {
                        other: other == name for other in SLAVES}
    decode(scenario)


def test_bursts_pass_whole():
    async def scenario(ctx, bus, memories):
        assert await bus_write_line(ctx, bus, RAM.base, list(range(8)))
        assert await bus_read_line(ctx, bus, RAM.base) == list(range(8))
    decode(scenario)


@pytest.mark.parametrize("address", (0, 0xff8, 0x2000, PLIC.base - 8, UART.base + UART.size, RAM.base - 8,
                                     RAM.base + RAM.size, (1 << 34) - 8))
def test_an_absent_address_is_answered_with_an_error_and_the_next_transaction_is_sound(address):
    async def scenario(ctx, bus, memories):
        for access in (bus_read(ctx, bus, address), bus_write(ctx, bus, address, 0),
                       bus_read_line(ctx, bus, address & ~63), bus_write_line(ctx, bus, address & ~63, [0] * 8)):
            assert await access in (None, False)
            assert await bus_read(ctx, bus, RAM.base) == memories["memory"].word(RAM.base)
        assert {name: len(memory.log) for name, memory in memories.items()} == {"uart": 0, "plic": 0, "memory": 4}
    decode(scenario)


def test_regions_that_overlap_are_refused():
    with pytest.raises(ValueError, match="Regions uart and other overlap; other must begin at 0x10001000 or above"):
        Decoder({"uart": (UART,), "other": (Region("other", UART.base, 0x1000),)})
