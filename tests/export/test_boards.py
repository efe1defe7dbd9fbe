# amaranth: UnusedElaboratable=no
"""Boards: the computer on them runs, its netlist is made, and what cannot be is told in one line."""

import json
import sys

import pytest
from amaranth.back import rtlil
from testbench import Bench

from hyacinth.boards import cli, tools
from hyacinth.boards.boards import BOARDS
from hyacinth.boards.ecp5 import pll_dividers
from hyacinth.boards.greeting import TEXT, greeting
from hyacinth.boards.report import BadReport, count_cells, read_report
from hyacinth.boards.system import BAUD, Image, System
from hyacinth.rtl.config import CONFIGS

BASE = 0x8000_0000


def test_the_greeting_comes_out_of_the_serial_pin():
    system = System(CONFIGS["small"], 16 * BAUD, 16, Image(greeting(), BASE))
    received = []

    async def listen(ctx):
        while len(received) < 5:
            while ctx.get(system.tx):
                await ctx.tick()
            byte = 0
            await ctx.tick().repeat(8)               # the middle of the start bit
            for bit in range(8):
                await ctx.tick().repeat(16)
                byte |= ctx.get(system.tx) << bit
            await ctx.tick().repeat(16)
            assert ctx.get(system.tx), "no stop bit"
            received.append(byte)
    Bench(system, deadline=6_000).run(listen)
    assert bytes(received).decode() == TEXT[:5]


def test_a_system_tells_absent_memory_from_its_own():
    regions = {region.name: region for region in System(CONFIGS["full"], 50_000_000, 128, Image(b"", BASE)
                                                         ).config.memory_map}
    assert (regions["ram"].base, regions["ram"].size) == (BASE, 128 << 10)


@pytest.mark.parametrize("name,cells", [("arty-a7-100t", ("PLLE2_BASE", "BUFG")), ("ulx3s-85f", ("EHXPLLL", "DCCA"))])
def test_a_board_elaborates_to_a_netlist_with_its_clock(name, cells):
    top, platform = BOARDS[name].design("small", 50, 16, Image(greeting(), BASE))
    netlist = rtlil.convert(top, platform=platform, emit_src=False)
    assert all(netlist.count(f"cell \\{cell} ") == 1 for cell in cells)


@pytest.mark.parametrize("wanted", (25, 50, 60, 62.5, 75, 100))
def test_the_pll_makes_the_clock_within_its_limits(wanted):
    reference, multiple, output = pll_dividers(25_000_000, int(wanted * 1e6))
    assert 25e6 / reference * multiple == wanted * 1e6
    assert 400e6 <= wanted * 1e6 * output <= 800e6


def test_a_clock_that_the_pll_cannot_make_is_refused():
    with pytest.raises(ValueError, match="ask for a multiple of 5 MHz"):
        pll_dividers(25_000_000, 51_234_567)


REPORT = {
    "utilization": {cell: {"used": n, "available": 100} for n, cell in enumerate(
        ("TRELLIS_COMB", "TRELLIS_FF", "DP16KD", "MULT18X18D", "TRELLIS_RAMW"))},
    "fmax": {"clk": {"achieved": 40.0, "constraint": 50.0}, "other": {"achieved": 30.0, "constraint": 12.0}},
    "critical_paths": [{"from": "posedge clk", "to": "posedge clk", "path": [
        {"type": "clk-to-q", "from": {"cell": "a", "port": "CLK"}, "to": {"cell": "a", "port": "Q"}, "delay": 0.5},
        {"type": "routing", "net": "n", "from": {"cell": "a", "port": "Q"}, "to": {"cell": "b", "port": "D"},
         "delay": 1.5}]}],
}


def test_the_report_is_of_the_clock_that_misses_its_target_most(tmp_path):
    (tmp_path / "report.json").write_text(json.dumps(REPORT))
    report = read_report(tmp_path / "report.json")
    assert (report.fmax, report.target, report.meets) == (40.0, 50.0, False)
    assert report.used["LUT4"] == (0, 100) and report.used["MULT18X18D"] == (3, 100)
    assert report.critical.nanoseconds == 2.0 and report.critical.steps[1][0] == "n"
    assert "MISSES the target of 50 MHz" in cli.describe(report)


@pytest.mark.parametrize("text", ("", "[]", "{}", '{"utilization": {}}'))
def test_a_report_that_is_none_is_told_with_its_name(tmp_path, text):
    (tmp_path / "report.json").write_text(text)
    with pytest.raises(BadReport, match="report.json: not a report of nextpnr"):
        read_report(tmp_path / "report.json")


def test_cells_are_counted_in_the_last_statistics_of_the_log():
    log = "   7 cells\n     3   LUT4\n  ...\n   9 cells\n     5   LUT4\n     4   TRELLIS_FF\n"
    assert count_cells(log) == {"LUT4": 5, "TRELLIS_FF": 4}
    with pytest.raises(BadReport):
        count_cells("nothing")


def refused(capsys, *arguments):
    assert cli.main(arguments) == 2
    out = capsys.readouterr()
    assert out.out == "" and out.err.count("\n") == 1 and out.err.startswith("boards: ")
    return out.err


def test_an_unknown_board_is_told_with_the_known_ones(capsys):
    assert "the boards are ulx3s-85f" in refused(capsys, "de10-nano")


def test_a_wrong_option_is_one_line(capsys):
    assert "--help" in refused(capsys, "ulx3s-85f", "--ram", "3")
    assert "--help" in refused(capsys)


@pytest.fixture
def tools_present(monkeypatch):
    """As if all tools were installed; they are an extra. Python is there, and no test goes so far as to run it."""
    for tool in ("YOSYS", "NEXTPNR_ECP5", "ECPPACK"):
        monkeypatch.setenv(tool, sys.executable)


@pytest.mark.usefixtures("tools_present")
@pytest.mark.parametrize("tool", ("YOSYS", "NEXTPNR_ECP5", "ECPPACK"))
def test_a_missing_tool_is_told_before_anything_is_made(capsys, monkeypatch, tmp_path, tool):
    monkeypatch.setenv(tool, "no-such-tool")
    assert f"{tool} is no-such-tool" in refused(capsys, "ulx3s-85f", "--output", str(tmp_path / "made"))
    assert not (tmp_path / "made").exists()


def test_a_tool_that_is_nowhere_is_told_with_what_brings_it(monkeypatch):
    monkeypatch.delenv("ECPPACK", raising=False)
    with pytest.raises(tools.ToolError, match=r"absent is missing; pip install 'hyacinth-core\[boards\]' brings it"):
        tools.Tool("ECPPACK", ("absent",)).find()


@pytest.mark.usefixtures("tools_present")
def test_a_program_that_is_none_is_one_line(capsys, tmp_path):
    (tmp_path / "text").write_text("hello")
    assert "not an ELF file" in refused(capsys, "ulx3s-85f", "--program", str(tmp_path / "text"))


def test_a_tool_that_fails_is_told_by_its_last_error(tmp_path):
    with pytest.raises(tools.ToolError, match=r"sh: ERROR: two; all it said is in .*log"):
        tools.run(["/bin/sh", "-c", "echo ERROR: one; echo ERROR: two; exit 1"], tmp_path, "log", "stage")
    assert (tmp_path / "log").read_text() == "ERROR: one\nERROR: two\n"


@pytest.mark.parametrize("name", ("arty-a7-100t", "ulx3s-85f"))
def test_a_clock_that_the_pll_of_a_board_cannot_make_is_refused(tmp_path, name):
    with pytest.raises(cli.Refused, match="the PLL cannot make 51.3 MHz"):
        cli.write_plan(BOARDS[name], tmp_path, "small", 51.3, 16, Image(b"", BASE))
