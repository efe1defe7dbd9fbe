"""Tests of the views of a wave: what is there is shown, in words."""

import gzip
import struct

import pytest

from hyacinth.sim.cli import main
from hyacinth.sim.trace import waves
from hyacinth.sim.trace.variables import Variable, unpack_lz4, variables
from hyacinth.sim.trace.waves import write_views
from hyacinth.sw.build import build, programs

VARIABLES = [Variable("top.clk", 1), Variable("top.retire_valid", 1), Variable("top.retire_payload_mode", 3),
             Variable("top.retire_payload_code", 6), Variable("top.component.core.retire_payload_mode", 3),
             Variable("top.retire_payload_csr", 12), Variable("top.retire_payload_pc", 64)]


@pytest.fixture
def views(tmp_path):
    return write_views(tmp_path / "demo.fst", VARIABLES, cursor=500)


def test_both_viewers_get_a_file(views):
    assert [path.name for path in views] == ["demo.sucl", "demo.gtkw"]


def test_surfer_adds_each_signal_once_and_sets_its_words(views):
    commands = views[0].read_text().splitlines()
    assert commands.count("variable_add top.retire_payload_mode") == 1
    assert "variable_add top.component.core.retire_payload_mode" not in commands
    at = commands.index("variable_add top.retire_payload_mode")
    assert commands[at + 1] == "item_set_format HyacinthMode"
    assert commands[-1] == "cursor_set 500"


def test_gtkwave_finds_its_words_beside_the_save_file(views):
    lines = views[1].read_text().splitlines()
    at = lines.index("top.retire_payload_code[5:0]")
    assert lines[at - 2:at] == ["@2022", "^1 demo.gtkw.d/cause.txt"]
    assert (views[1].parent / "demo.gtkw.d" / "cause.txt").exists()
    assert lines[0] == '[dumpfile] "demo.fst"'


def test_modes_are_named_in_binary_width_for_surfer(tmp_path, views):
    lines = (tmp_path / ".surfer" / "mappings" / "hyacinth-mode.txt").read_text().splitlines()
    assert lines == ["Name = HyacinthMode", "Bits = 3", "0 U", "1 HS", "3 M", "4 VU", "5 VS"]


def test_csrs_are_named_in_hexadecimal_for_gtkwave(tmp_path, views):
    assert "600 hstatus" in (tmp_path / "demo.gtkw.d" / "csr.txt").read_text().splitlines()


def test_a_code_that_is_an_interrupt_too_has_both_names():
    _, causes = waves.words()["Cause"]
    assert causes[5] == "load_access_fault/STI"


def test_a_signal_that_is_not_in_the_wave_is_not_named(tmp_path):
    surfer, gtkwave = write_views(tmp_path / "w.vcd", VARIABLES[:2])
    assert "retire_payload" not in surfer.read_text() + gtkwave.read_text()
    assert surfer.read_text().splitlines()[-1] == "zoom_fit"


def test_the_variables_of_a_vcd_file_have_their_scopes(tmp_path):
    path = tmp_path / "w.vcd"
    path.write_text("$timescale 1ns $end\n$scope module top $end\n$var wire 1 ! clk $end\n$scope module core $end\n"
                    '$var wire 3 " mode [2:0] $end\n$upscope $end\n$upscope $end\n$enddefinitions $end\n#0\n')
    assert variables(path) == [Variable("top.clk", 1), Variable("top.core.mode", 3)]


def test_the_variables_of_an_fst_file_have_their_scopes(tmp_path):
    text = (b"\xfe\0top\0\0\xfc\0\0about\0\x81\x01\x10\0clk\0\x01\0\xfe\0core\0\0"
            b"\x10\0pc [63:0]\0\x40\0\xff\xff")
    for kind, packed in ((4, gzip.compress(text)), (6, bytes([0xF0, len(text) - 15]) + text)):
        path = tmp_path / f"w{kind}.fst"
        path.write_bytes(struct.pack(">BQ", 0, 16) + bytes(8)
                         + struct.pack(">BQQ", kind, len(packed) + 16, len(text)) + packed)
        assert variables(path) == [Variable("top.clk", 1), Variable("top.core.pc", 64)]


def test_a_wave_in_which_no_cycle_lies_is_said_to_be_empty(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    elf = build(programs("ecall_from")[0])
    for name in "w.fst", "w.vcd":
        assert main(["run", "--wave", name, "--wave-from", "100000000", str(elf)]) == 0
        errors = capfd.readouterr().err
        assert f"{name} is empty: none of the cycles to " in errors and "within --wave-from and --wave-to" in errors
    assert variables(tmp_path / "w.fst") == []


def test_a_copy_may_overlap_what_it_copies():
    assert unpack_lz4(b"\x23ab\x02\x00\x10c", 10) == b"ababababac"[:9] + b"c"
