# amaranth: UnusedElaboratable=no
from dataclasses import replace

import pytest
from amaranth.hdl import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out
from busmodel import BusMemory, bus_read, bus_read_line, bus_write, bus_write_line
from paths import combinational_paths
from testbench import Bench, assert_exports

from hyacinth.rtl.bus import BusSignature
from hyacinth.rtl.config import CLINT, FINISHER, INTERRUPTS, PHYSICAL_BITS, PLIC, RAM, SMALL, UART, Region
from hyacinth.rtl.payloads import Retire, TableWrite, Trap, WalkStep
from hyacinth.rtl.ports import SnoopSignature
from hyacinth.rtl.soc import CRITICAL_ERROR, UART_SOURCE, Soc


class StandIn(wiring.Component):
    """The ports of a core, which the test drives."""
    def __init__(self):
        super().__init__({
            "ibus": Out(BusSignature()), "dbus": Out(BusSignature()), "snoop": In(SnoopSignature()),
            "time": In(64), "msip": In(1), "mtip": In(1),
            "meip": In(1), "seip": In(1), "hgeip_lines": In(64), "uncached_page": In(PHYSICAL_BITS - 12),
            "uncached_enable": In(1), "evict": In(2), "retire": Out(stream.Signature(Retire, always_ready=True)),
            "walk": Out(stream.Signature(WalkStep, always_ready=True)), "events": Out(32), "inspect_enable": In(1),
            "table_write": Out(stream.Signature(TableWrite, always_ready=True)),
            "critical": Out(stream.Signature(Trap, always_ready=True)),
            "inspect_register": In(5), "inspect_value": Out(64), "inspect_csr": In(12), "inspect_csr_value": Out(64)})

    def elaborate(self, platform):
        return Module()


def run(scenario, deadline=2_000, **arguments):
    core = StandIn()
    soc = Soc(SMALL, core=core, **arguments)
    memory = BusMemory(soc.memory)

    async def process(ctx):
        await scenario(ctx, core, soc, memory)

    Bench(soc, deadline=deadline).run(process, background=(memory.serve,))


@pytest.mark.parametrize("inspect", (False, True))
def test_it_exports(inspect):
    assert_exports(Soc(SMALL, inspect=inspect, core=StandIn()))


def test_no_output_depends_combinationally_on_an_input_but_the_inspected_values():
    assert combinational_paths(Soc(SMALL, inspect=True)) == {
        ("inspect_value", "inspect_register"), ("inspect_csr_value", "inspect_csr"),
        ("inspect_csr_value", "inspect_enable")}


@pytest.mark.rule("pc_rst", "RST_ADDR")
def test_the_machine_runs_its_first_instructions_from_the_reset_address_and_ends():
    """Should this fail, so does everything that runs a program."""
    soc, exits = Soc(SMALL), []
    memory = BusMemory(soc.memory)
    program = (0x0010_02b7,   # lui  t0, 0x100            the finisher
               0x0000_5337,   # lui  t1, 0x5
               0x5553_0313,   # addi t1, t1, 0x555
               0x0062_a023,   # sw   t1, 0(t0)
               0x0000_006f,   # jal  x0, 0
               0)
    for index in range(0, len(program), 2):
        memory.write(SMALL.reset_pc + 4 * index, program[index] | program[index + 1] << 32, 0xff)

    async def scenario(ctx):
        code, = await ctx.tick().sample(soc.exit.payload).until(soc.exit.valid)
        exits.append(code)

    Bench(soc, deadline=300).run(scenario, background=(memory.serve,))
    assert exits == [0]


@pytest.mark.parametrize("port", ("ibus", "dbus"))
def test_either_bus_of_the_core_reaches_memory(port):
    async def scenario(ctx, core, soc, memory):
        bus = getattr(core, port)
        assert await bus_write_line(ctx, bus, RAM.base, list(range(8)))
        assert await bus_read_line(ctx, bus, RAM.base) == list(range(8))
        assert await bus_read(ctx, bus, 0x1000) == memory.word(0x1000)
        assert await bus_read(ctx, bus, 0x8000) == memory.word(0x8000)
    run(scenario)


def test_an_absent_address_is_an_error():
    async def scenario(ctx, core, soc, memory):
        assert await bus_read(ctx, core.dbus, 0x2000_0000) is None
        assert await bus_read_line(ctx, core.ibus, 0x2000_0000) is None
        assert memory.log == []
    run(scenario)


@pytest.mark.rule("mip_msip_rdonly", "mip_mtip_rdonly")
def test_time_and_the_clints_interrupts_reach_the_core():
    async def scenario(ctx, core, soc, memory):
        assert await bus_write(ctx, core.dbus, CLINT.base, 1, size=2)
        assert await bus_write(ctx, core.dbus, CLINT.base + 0x4000, 10)
        await ctx.tick().until(core.mtip)
        assert ctx.get(core.time) >= 10
        assert ctx.get(core.msip) == 1
    run(scenario, divider=2)


@pytest.mark.parametrize("context, line", ((0, "meip"), (1, "seip")))
def test_the_uart_interrupts_through_the_plic(context, line):
    async def scenario(ctx, core, soc, memory):
        await bus_write(ctx, core.dbus, PLIC.base + 4 * UART_SOURCE, 1, size=2)
        await bus_write(ctx, core.dbus, PLIC.base + 0x2000 + 0x80 * context, 1 << UART_SOURCE, size=2)
        await bus_write(ctx, core.dbus, UART.base + 1, 1, size=0)
        assert ctx.get(getattr(core, line)) == 0
        ctx.set(soc.uart_rx.payload, 0x41)
        ctx.set(soc.uart_rx.valid, 1)
        await ctx.tick().until(soc.uart_rx.ready)
        ctx.set(soc.uart_rx.valid, 0)
        await ctx.tick().until(getattr(core, line))
        assert await bus_read(ctx, core.dbus, PLIC.base + 0x20_0004 + 0x1000 * context, size=2) == UART_SOURCE
        assert await bus_read(ctx, core.dbus, UART.base, size=0) == 0x41
    run(scenario)


@pytest.mark.parametrize("bit, line", ((0, "meip"), (1, "seip")))
def test_the_generator_raises_the_external_interrupts_past_the_plic(bit, line):
    async def scenario(ctx, core, soc, memory):
        await bus_write(ctx, core.dbus, INTERRUPTS.base + 8, 1 << bit)
        assert (ctx.get(core.meip), ctx.get(core.seip)) == (line == "meip", line == "seip")
    run(scenario)


def test_the_generator_raises_sources_of_the_plic():
    async def scenario(ctx, core, soc, memory):
        await bus_write(ctx, core.dbus, INTERRUPTS.base, 1 << 7)
        assert await bus_read(ctx, core.dbus, PLIC.base + 0x1000, size=2) == 1 << 7
    run(scenario)


def test_the_generator_raises_guest_external_interrupts():
    async def scenario(ctx, core, soc, memory):
        await bus_write(ctx, core.dbus, INTERRUPTS.base + 0x10, 0b10)
        assert ctx.get(core.hgeip_lines) == 0b10
    run(scenario)


def test_what_is_written_to_the_uart_is_sent():
    async def scenario(ctx, core, soc, memory):
        await bus_write(ctx, core.dbus, UART.base, 0x48, size=0)
        ctx.set(soc.uart_tx.ready, 1)
        byte, = await ctx.tick().sample(soc.uart_tx.payload).until(soc.uart_tx.valid)
        assert byte == 0x48
    run(scenario)


def test_the_finisher_ends_the_machine():
    async def scenario(ctx, core, soc, memory):
        assert ctx.get(soc.exit.valid) == 0
        await bus_write(ctx, core.dbus, FINISHER.base, 0x0003_3333, size=2)
        assert (ctx.get(soc.exit.valid), ctx.get(soc.exit.payload)) == (1, 3)
    run(scenario)


def test_the_uncached_page_reaches_the_core():
    async def scenario(ctx, core, soc, memory):
        ctx.set(soc.uncached_page, 0x8_0001)
        ctx.set(soc.uncached_enable, 1)
        await ctx.tick()
        assert (ctx.get(core.uncached_page), ctx.get(core.uncached_enable)) == (0x8_0001, 1)
    run(scenario)


def test_the_trace_leaves_the_machine_in_the_same_cycle():
    async def scenario(ctx, core, soc, memory):
        ctx.set(core.retire.valid, 1)
        ctx.set(core.retire.payload.pc, 0x8000_0000)
        ctx.set(core.walk.valid, 1)
        ctx.set(core.events, 5)
        assert (ctx.get(soc.retire.valid), ctx.get(soc.retire.payload.pc)) == (1, 0x8000_0000)
        assert (ctx.get(soc.walk.valid), ctx.get(soc.events)) == (1, 5)
    run(scenario)


def test_a_host_can_inspect_registers():
    async def scenario(ctx, core, soc, memory):
        ctx.set(soc.inspect_register, 10)
        ctx.set(soc.inspect_csr, 0x300)
        assert (ctx.get(core.inspect_register), ctx.get(core.inspect_csr)) == (10, 0x300)
        ctx.set(core.inspect_value, 7)
        assert ctx.get(soc.inspect_value) == 7
    run(scenario, inspect=True)


@pytest.mark.rule("trap_unexp_hndl_no_rnmi")
def test_a_critical_error_of_the_core_ends_the_machine_with_its_cause():
    async def scenario(ctx, core, soc, memory):
        await ctx.tick()
        assert ctx.get(soc.exit.valid) == 0
        for interrupt, code in ((0, 5), (1, 7)):
            ctx.set(core.critical.payload, {"interrupt": interrupt, "code": code})
            ctx.set(core.critical.valid, 1)
            await ctx.tick()
            assert (ctx.get(soc.exit.valid), ctx.get(soc.exit.payload)) == (1, CRITICAL_ERROR + 64 * interrupt + code)
    run(scenario)


def test_a_memory_map_without_a_device_is_refused():
    config = replace(SMALL, memory_map=tuple(region for region in SMALL.memory_map if region.name != "plic"))
    with pytest.raises(ValueError, match="the device 'plic' is missing; it must have clint, plic, uart"):
        Soc(config, core=StandIn())


def test_a_device_that_is_not_known_is_refused():
    config = replace(SMALL, memory_map=(*SMALL.memory_map, Region("disk", 0x2000_0000, 0x1000)))
    with pytest.raises(ValueError, match="the device 'disk' is not known; it must have clint, plic, uart"):
        Soc(config, core=StandIn())
