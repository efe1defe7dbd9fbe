"""A simulated machine: core, devices, memory and console, with programs in it."""

from collections.abc import Iterator
from pathlib import Path

from ..rtl.config import VIRTIO_SLOTS, CoreConfig, named
from ..rtl.device_tree import device_tree
from ..rtl.events import EVENTS
from ..rtl.isa.csrs import table
from ..rtl.soc import Soc
from . import records
from .around import HOST, MEMORY, Disturbance, around
from .boot_rom import boot_rom
from .elf import Program, load
from .engines import hosts
from .engines.engine import Reason, must_be_waves
from .engines.flat import Flat
from .htif import Htif
from .outcome import ENDS, Outcome, ended
from .outcome import End as End
from .translation import pieces

REGISTERS = ("zero ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 "
             "t3 t4 t5 t6").split()
"""The integer registers by the names of the calling convention."""
ENGINES = ("compiled", "pysim")
SEED = bytes(range(32))
"""Of random numbers: always the same, as every run of a program shall be."""
DEFAULT_WAVES = ".fst"
"""What every model can write: as long as it does not, that costs nothing to speak of."""


class Machine:
    """A Soc with memory, a console and HTIF around it, in the state after reset.

    Parameters
    ----------
    core : str or CoreConfig
        A name of rtl/config.py, or a configuration.
    engine : str
        "compiled" (fast, built once) or "pysim" (starts at once, slow).
    memory : int
        Bytes of RAM from the base of the region `ram` on.
    memory_latency : int
        Cycles that memory waits before it answers.
    disturbed : around.Disturbance or None
        Evictions, and answers of memory that come late.
    devices : tuple of hosts.Disk, hosts.Entropy and hosts.Console
        Virtio devices, in the order of their slots; for the compiled engine.
    wave : path
        A file for waves, .fst or .vcd, of the cycles from `wave_from` to `wave_to`.
    progress : context manager
        In place of engines/progress.py.

    Attributes
    ----------
    config : CoreConfig
    program : Program or None
        What was loaded last.
    watchers : list
        Objects with `take(records, steps)`: called with lists of RetireRecord and WalkRecord, in order.
    raw_watchers, raw_walk_watchers : list
        Callables: each gets the bytes of the Retire records (see records.RETIRE), before `watchers` are called; or,
        still earlier, those of the WalkSteps.
    write_watchers : list
        Callables: each gets address and bytes of what a device has written to memory, after `raw_watchers` have got
        the records before that.
    exit_code : int or None
        Once the program has ended; a great number where the hart has stopped in the critical-error state.
    engine : Engine
        What runs it.
    htif : Htif or None
        Who answers the program's HTIF.
    input : bytearray
        What was typed and HTIF has not taken.

    Raises
    ------
    ValueError
        A name that is not known, memory that does not fit into its region, or more devices than slots.
    EngineError
        The model cannot be built.
    """
    def __init__(self, core: str | CoreConfig = "full", engine: str = "compiled", *, memory: int = 128 << 20,
                 memory_latency: int = 20, disturbed: Disturbance | None = None, devices: tuple = (), wave=None,
                 wave_from: int = 0, wave_to: int | None = None, progress=None):
        if engine not in ENGINES:
            raise ValueError(f"{engine!r} is not an engine; give one of {', '.join(ENGINES)}")
        ending = must_be_waves(wave) if wave else DEFAULT_WAVES
        self.config = config = named(core) if isinstance(core, str) else core
        self.regions = {region.name: region for region in config.memory_map}
        self.memory_size, self.memory_latency = memory, memory_latency
        ram = self.regions["ram"]
        if not 4096 <= memory <= ram.size or memory % 4096:
            raise ValueError(f"memory has {memory} bytes; give a multiple of 4096 up to {ram.size}")
        if len(devices) > (slots := len(VIRTIO_SLOTS) if config.hosted else 0):
            raise ValueError(f"{len(devices)} virtio devices; there are {slots} slots")
        self.devices = devices
        self.program: Program | None = None
        self.watchers, self.raw_watchers, self.raw_walk_watchers, self.write_watchers = [], [], [], []
        self.exit_code: int | None = None
        self.last_record: records.RetireRecord | None = None
        self.htif: Htif | None = None
        self.input = bytearray()
        self._csrs = table(config)
        self.engine = self._start(engine, memory_latency, disturbed, ending, progress)
        if wave:
            self.engine.open_wave(wave, wave_from, wave_to)

    def _start(self, engine: str, latency: int, disturbed: Disturbance | None, wave: str, progress):
        made = around(self.config, self.memory_size, latency, self.devices, disturbed)
        flat = Flat(Soc(self.config, inspect=True))
        if engine == "pysim":
            from .engines.pysim import Pysim
            return Pysim(flat, made)
        from .engines.compiled import Compiled
        return Compiled(flat, made, name=f"Soc {self.config!r}", wave=wave, progress=progress)

    # What is in memory.

    def load(self, program: Path | str | Program, *, dtb: bytes | None = None, bootargs: str | None = None,
             initrd: tuple[int, int] | None = None) -> Program:
        """Put an ELF program into memory, with a boot ROM that starts it and a device tree.

        Raises elf.BadProgram where it is no program for this machine.
        """
        if not isinstance(program, Program):
            program = load(program)
        program.check_fits(self.regions["ram"].base, self.memory_size)
        self.program = program
        segments = [(segment.address, segment.data) for segment in program.segments]
        self.load_segments(segments, program.entry, tohost=program.tohost, fromhost=program.fromhost, dtb=dtb,
                           bootargs=bootargs, initrd=initrd)
        return program

    def load_segments(self, segments, entry: int, *, tohost: int | None = None, fromhost: int | None = None,
                      dtb: bytes | None = None, bootargs: str | None = None,
                      initrd: tuple[int, int] | None = None) -> None:
        """Put (address, bytes) into memory, with a boot ROM that jumps to `entry` and a device tree.

        Parameters
        ----------
        tohost, fromhost : int or None
            Addresses of HTIF; they must lie in one page, which the caches then leave out.
        dtb : bytes or None
            A device tree in place of the generated one; empty: a1 is 0.
        bootargs, initrd
            For the generated one.
        """
        for address, contents in segments:
            self.write(address, contents)
        if dtb is None:
            dtb = device_tree(self.config, self.memory_size, bootargs, initrd, seed=SEED, virtio=len(self.devices))
        tree = self.regions.get("device-tree")
        if tree is None or len(dtb) > tree.size:
            raise ValueError(f"the device tree has {len(dtb)} bytes, its region {tree.size if tree else 0}; shorten it")
        self.device_tree, self.boot_rom = dtb, boot_rom(entry, tree.base if dtb else 0)
        self.write(tree.base, dtb)
        if "rom" in self.regions:
            self.write(self.regions["rom"].base, self.boot_rom)
        if tohost is not None:
            self.serve_htif(tohost, fromhost)

    def serve_htif(self, tohost: int, fromhost: int | None) -> None:
        """Answer a program that asks by HTIF at these addresses."""
        if fromhost is not None and fromhost >> 12 != tohost >> 12:
            raise ValueError(f"tohost ({tohost:#x}) and fromhost ({fromhost:#x}) must lie in one page of 4 KiB; "
                             "put both into one section")
        put = self._host_write if self.config.hosted else self.write
        self.htif = Htif(tohost, fromhost, self.read, self.write, put)
        self.engine.poke(uncached_page=tohost >> 12, uncached_enable=1)
        self.engine.watch(MEMORY, tohost)
        if fromhost is not None:
            self.engine.watch(MEMORY, fromhost)

    @property
    def host_page(self) -> int | None:
        """The address of the page of RAM in which the host answers by HTIF; the hart reaches it past the caches."""
        return self.htif.tohost & -4096 if self.htif else None

    def read(self, address: int, count: int, space: str = "hpa") -> bytes:
        """Memory as the program finds it, stores that are still in the data cache too.

        Parameters
        ----------
        address : int
        count : int
            Bytes.
        space : str
            What the address is: "hpa", "gpa", "va" (of S-mode and U-mode) or "gva", by the CSRs and tables as they are.

        Raises
        ------
        ValueError
            No memory is there; translation.Unmapped where no page is.
        """
        if count < 0:
            raise ValueError(f"read: {count} bytes; give 0 or more")
        return b"".join(self.engine.read(MEMORY, at, part, shadow=True)
                        for at, part in pieces(self, address, count, space))

    def write(self, address: int, contents: bytes, space: str = "hpa") -> None:
        """Change memory, its address as `read` has it.

        The caches do not notice: what they hold of it, the program finds unchanged.
        """
        done = 0
        for at, part in list(pieces(self, address, len(contents), space)):
            self.engine.write(MEMORY, at, contents[done:done + part])
            done += part

    def _host_write(self, address: int, contents: bytes) -> None:
        self.engine.host_write(HOST, address, contents)

    # Running.

    @property
    def cycle(self) -> int:
        """Clock edges since reset."""
        return self.engine.cycle

    @property
    def retired(self) -> int:
        """Retire records since reset: instructions, and traps taken in place of one."""
        return self.engine.seen("retire")

    @property
    def last_retirement(self) -> int:
        """The cycle of the last Retire record."""
        return self.engine.last("retire")

    @property
    def events(self) -> dict[str, int]:
        """Cycles in which each event of rtl/events.py was seen."""
        counts = self.engine.counts("events")
        return {name: counts[bit] for name, bit in EVENTS.items()}

    def run(self, max_cycles: int | None = None, *, stuck_after: int = 0, records: int = 0,
            matched: tuple[str, int] | None = None, nth: tuple[str, int] | None = None) -> Outcome:
        """Let the machine run.

        Parameters
        ----------
        max_cycles : int or None
            For at most so many cycles.
        stuck_after : int
            Until nothing has retired for so many cycles; 0 does not matter.
        records : int
            Until so many Retire records have come; 0 does not matter.
        matched : tuple
            (field, value): until there is a Retire record with that value, such as ("pc", 0x8000_0000).
        nth : tuple
            (field, n): until the nth Retire record in which that field is not 0, such as ("trapped", 3).
        """
        tracing = any((self.watchers, self.raw_watchers, self.raw_walk_watchers))
        return self._run(tracing, max_cycles, stuck_after, records, matched, nth)

    def step(self, count: int = 1, *, max_cycles: int | None = 1_000_000) -> Outcome:
        """Run until `count` more instructions have retired or trapped."""
        if count < 1:
            raise ValueError(f"step: {count} instructions; give 1 or more")
        return self._run(True, max_cycles, 0, count, None, None)

    def _run(self, tracing, max_cycles, stuck_after, count, matched, nth) -> Outcome:
        engine, end = self.engine, None if max_cycles is None else self.cycle + max_cycles
        for port in ("retire", "walk"):
            engine.trace(port, tracing)
        reasons = None
        try:
            while self.exit_code is None:
                self._feed()
                limits = hosts.Limits(None if end is None else end - self.cycle, "retire", stuck_after, count, nth,
                                      matched)
                reasons = engine.run(limits, again=reasons is not None)
                if Reason.WATCHED in reasons and self.htif:
                    self.htif.written(*engine.watched(MEMORY))
                    self.exit_code = self.htif.exit_code
                if Reason.STOPPED in reasons and self.exit_code is None:
                    self.exit_code = engine.code("exit")
                if Reason.BATCH in reasons:
                    self._take()
                for reason, why in ENDS.items():
                    if reason in reasons and self.exit_code is None:
                        return Outcome(why, self.cycle)
            return ended(self.cycle, self.exit_code)
        finally:
            self._take()

    def _take(self) -> None:
        """Hand the records since the last time to who watches."""
        batch, walk = self.engine.batch("retire"), self.engine.batch("walk")
        size, done = records.RETIRE.size, 0
        first = self.retired - len(batch) // size
        self._give(self.raw_walk_watchers, walk)
        for seen, address, contents in self.engine.written(HOST) if self.config.hosted else ():
            self._give(self.raw_watchers, batch[done:(seen - first) * size])
            done = (seen - first) * size
            for watcher in self.write_watchers:
                watcher(address, contents)
        self._give(self.raw_watchers, batch[done:])
        if batch:
            self.last_record = records.RetireRecord._make(records.RETIRE.unpack(batch[-records.RETIRE.size:]))
        if self.watchers and (batch or walk):
            retired, walked = records.retired(batch), records.walked(walk)
            for watcher in self.watchers:
                watcher.take(retired, walked)

    @staticmethod
    def _give(watchers: list, batch: bytes) -> None:
        for watcher in watchers if batch else ():
            watcher(batch)

    def records(self, max_cycles: int | None = None) -> Iterator[records.RetireRecord]:
        """Run, and yield each Retire record, until the program ends or the cycles are over."""
        kept = records.Kept()
        end = None if max_cycles is None else self.cycle + max_cycles
        self.watchers.append(kept)
        try:
            while self.exit_code is None and (end is None or self.cycle < end):
                self.run(None if end is None else end - self.cycle, records=4096)
                yield from kept.records
                kept.records = []
        finally:
            self.watchers.remove(kept)

    # The console.

    def give_input(self, typed: bytes) -> None:
        """Bytes for the program to read, by UART, HTIF or virtio: each gets them all, a program reads only one."""
        self.engine.send("uart_rx", typed)
        if self.config.hosted:
            self.engine.send(HOST, typed)
        if self.htif:
            self.input += typed

    def take_output(self) -> bytes:
        """What the program has written since the last call, by UART, HTIF and virtio."""
        output = self.engine.received("uart_tx")
        if self.config.hosted:
            output += self.engine.received(HOST)
        if self.htif:
            output += bytes(self.htif.output)
            self.htif.output.clear()
        return output

    def _feed(self) -> None:
        while self.htif and self.htif.asks and self.input:
            self.htif.give(self.input.pop(0))

    # Registers.

    def register(self, which: int | str) -> int:
        """An integer register, by number or name (`x10`, `a0`)."""
        if isinstance(which, str):
            number = names.index(which) if which in (names := [f"x{n}" for n in range(32)]) else -1
            number = REGISTERS.index(which) if which in REGISTERS else number
        else:
            number = which
        if not 0 <= number < 32:
            raise ValueError(f"{which!r} is not an integer register; give x0 to x31, or such as a0")
        self.engine.poke(inspect_register=number)
        return self.engine.peek("inspect_value")

    def csr(self, which: int | str) -> int:
        """A CSR, by name or address, as M-mode would read it."""
        if isinstance(which, str):
            if which.lower() not in self._csrs:
                raise ValueError(f"{which!r} is not a CSR of this core; docs/isa/csrs.md lists them")
            which = self._csrs[which.lower()].address
        elif which not in (csr.address for csr in self._csrs.values()):
            raise ValueError(f"{which:#x} is no CSR's address on this core; docs/isa/csrs.md lists them")
        self.engine.poke(inspect_enable=1, inspect_csr=which)
        value = self.engine.peek("inspect_csr_value")
        self.engine.poke(inspect_enable=0)
        return value

    @property
    def pc(self) -> int:
        """Where the hart goes on. Known after a step, and after a run that somebody watched."""
        return self.last_record.next_pc if self.last_record else self.config.reset_pc

    def close(self) -> None:
        """Finish all files."""
        self.engine.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
