"""The views of a real wave, read as Surfer and GTKWave read them.

Checked everywhere: the wave is read by wellen, which is Surfer's own reader. Every line of both views and of their
files of words is taken through a reading of the viewers' grammar, written for these tests after the viewers' sources
(Surfer after 0.6: its commands, its rule for the focus, its mapping files; GTKWave 3.3: its save files and translate
filters). It refuses what the viewer would refuse or pass over: an unknown command, a wrong argument, a signal that is
not in the wave under exactly that name, a format set on no row, words of another width than the signal.

Checked only where GTKWave 3 and a display (or Xvfb) are installed: GTKWave itself opens wave and view, and tells by
its Tcl commands which rows it has. Neither viewer comes as a Python package, so elsewhere that test is skipped.

Not checked: what Surfer itself makes of its commands, and anything of how a view looks.
"""

import os
import re
import shutil
import subprocess
from typing import NamedTuple

import pytest

from hyacinth.sim.lockstep.assembler import Code
from hyacinth.sim.machine import Machine
from hyacinth.sim.trace.variables import variables
from hyacinth.sim.trace.waves import VIEW, write_views

BASE, FIRST, LAST, CURSOR = 0x8000_0000, 100, 400, 500    # cycles, and a time: two time units are a cycle
HIGHLIGHT, HEXADECIMAL, BINARY, RIGHT, BLANK, TRANSLATED = (1 << bit for bit in (0, 1, 3, 5, 9, 13))
FORMATS = {"Binary", "Hexadecimal", "Octal", "Signed", "Unsigned"}


class View(NamedTuple):
    """What a test needs to know of a wave and its views."""
    wave: object
    surfer: object
    gtkwave: object
    widths: dict    # of each signal in the wave, in bits, by its path


class Refused(Exception):
    """A viewer would not take this line."""


@pytest.fixture(scope="module")
def view(tmp_path_factory):
    """Some cycles of a program that does nothing, with the views that go with them."""
    pywellen = pytest.importorskip("pywellen")
    wave = tmp_path_factory.mktemp("views") / "run.fst"
    program = Code(BASE)
    program.add(*[0x0000_0013] * 20, 0x0000_006F)
    with Machine(wave=wave, wave_from=FIRST, wave_to=LAST) as machine:
        machine.load_segments([(BASE, program.contents())], BASE)
        machine.run(LAST + 1)
    surfer, gtkwave = write_views(wave, variables(wave), cursor=CURSOR)
    widths = {variable.full_name: variable.bitwidth for variable in pywellen.Waveform(str(wave)).all_vars()}
    return View(wave, surfer, gtkwave, widths)


def surfer_mapping(text):
    """Name, width and words of a mapping file, or Refused."""
    fields, entries = {}, {}
    for line in filter(None, map(str.strip, text.splitlines())):
        if field := re.fullmatch(r"(Name|Bits)\s*=\s*(.+)", line):
            if field[1] in fields:
                raise Refused(line)
            fields[field[1]] = field[2]
        elif entry := re.fullmatch(r"(\d+)\s+(\S.*)", line):
            if int(entry[1]) in entries:
                raise Refused(line)
            entries[int(entry[1])] = entry[2]
        else:
            raise Refused(line)
    width = int(fields["Bits"])
    if max(entries).bit_length() > width:
        raise Refused(f"a value of more than {width} bits")
    return fields["Name"], width, entries


def surfer_rows(text, widths, mappings):
    """The rows that a command file makes: divider or path, and format; or Refused at the first bad line."""
    rows, focus, shown = [], None, []
    for line in text.splitlines():
        name, _, argument = line.partition(" ")
        numbers = [int(word) for word in argument.split()] if re.fullmatch(r"\d+( \d+)*", argument) else []
        match name:
            case "divider_add" if re.fullmatch(r"\w+", argument):
                row = [argument, None]
            case "variable_add" if argument in widths and not re.search(r"[#;\s]", argument):
                row = [argument, None]
            case "item_focus" if re.fullmatch("[a-p]+", argument):
                # An index in hexadecimal whose digits are the letters a to p.
                focus = int("".join(f"{ord(letter) - ord('a'):x}" for letter in argument), 16)
                if focus >= len(rows):
                    raise Refused(line)
                continue
            case "item_set_format" if focus is not None and rows[focus][0] in widths:
                if argument not in FORMATS and mappings.get(argument) != widths[rows[focus][0]]:
                    raise Refused(line)
                rows[focus][1] = argument
                continue
            case "item_unfocus" if not argument:
                focus = None
                continue
            case "zoom_fit" if not argument:
                continue
            case "zoom_to" if len(numbers) == 2 and numbers[0] < numbers[1]:
                shown = numbers
                continue
            case "cursor_set" if len(numbers) == 1 and (not shown or shown[0] <= numbers[0] <= shown[1]):
                continue
            case _:
                raise Refused(line)
        if focus is None:
            rows.append(row)
        else:
            focus += 1
            rows.insert(focus, row)
    return [tuple(row) for row in rows]


def gtkwave_filter(text, width):
    """The words of a translate filter by the value as GTKWave displays it, or Refused."""
    found = {}
    for line in text.splitlines():
        # A word between question marks would be taken for a colour, a line that begins with a hash for a comment.
        entry = re.fullmatch(r"([0-9a-f]+) ([^?\s].*)", line)
        if not entry or len(entry[1]) != -(-width // 4) or int(entry[1], 16) >> width or entry[1] in found:
            raise Refused(line)
        found[entry[1]] = entry[2]
    return found


def gtkwave_rows(save, widths):
    """The rows that a save file makes: name and flags; or Refused at the first bad line."""
    names = {f"{path}[{width - 1}:0]" if width > 1 else path: width for path, width in widths.items()}
    rows, fields, flags, words = [], {}, None, None
    for line in save.read_text().splitlines():
        if field := re.fullmatch(r'\[(dumpfile|savefile)\] "([^"]+)"|\[(timestart)\] (\d+)', line):
            fields[field[1] or field[3]] = field[2] or int(field[4])
        elif times := re.fullmatch(r"\*(-?\d+\.\d+)((?: -?\d+){27})", line):
            fields["zoom"], fields["cursor"] = float(times[1]), int(times[2].split()[0])
        elif new := re.fullmatch(r"@([0-9a-f]+)", line):
            flags, words = int(new[1], 16), None
        elif file := re.fullmatch(r"\^[1-9]\d* (\S+)", line):
            words = save.parent / file[1]
        elif flags == BLANK and re.fullmatch(r"-\S+", line):
            rows.append((line[1:], flags))
        elif line in names and flags in (RIGHT | HEXADECIMAL, RIGHT | HEXADECIMAL | TRANSLATED, RIGHT | BINARY):
            if (words is not None) != bool(flags & TRANSLATED) or (flags & BINARY and names[line] > 1):
                raise Refused(line)
            if words is not None and not gtkwave_filter(words.read_text(), names[line]):
                raise Refused(f"{words} has no words")
            rows.append((line, flags))
        else:
            raise Refused(line)
    return rows, fields


def mappings_beside(wave):
    files = (wave.parent / ".surfer" / "mappings").iterdir()
    return {name: width for name, width, _ in (surfer_mapping(file.read_text()) for file in files)}


def test_surfer_takes_every_line_and_sets_each_format_on_its_own_row(view):
    rows = surfer_rows(view.surfer.read_text(), view.widths, mappings_beside(view.wave))
    shown = {name.rpartition(".")[2]: format for name, format in rows if format or name in view.widths}
    assert [name for name, _ in rows if name not in view.widths] == list(VIEW)
    assert sum(map(len, VIEW.values())) == len(shown) and rows[0] == ("Clock", None)
    assert shown["retire_payload_mode"] == "HyacinthMode" and shown["retire_payload_csr"] == "HyacinthCSR"
    assert shown["retire_payload_pc"] == "Hexadecimal" and shown["clk"] is None


def test_the_names_of_our_words_are_none_of_surfers_own(view):
    mappings = mappings_beside(view.wave)
    assert len(mappings) == 4 and not FORMATS & mappings.keys()


def test_gtkwave_takes_every_line_and_finds_the_words(view):
    rows, fields = gtkwave_rows(view.gtkwave, view.widths)
    assert [name for name, flags in rows if flags == BLANK] == list(VIEW)
    assert len(rows) == len(VIEW) + sum(map(len, VIEW.values()))
    assert (view.gtkwave.parent / fields["dumpfile"]) == view.wave and fields["savefile"] == view.gtkwave.name


def test_gtkwave_begins_with_the_cursor_in_the_middle(view):
    _, fields = gtkwave_rows(view.gtkwave, view.widths)
    width = 1000 / 200 * 2 ** -fields["zoom"]    # 200 pixels show 2 to the power of minus zoom
    assert fields["cursor"] == CURSOR and fields["timestart"] + width / 2 == pytest.approx(CURSOR, abs=1)


@pytest.mark.parametrize("commands", ["variable_add TOP.none", "item_set_format Hexadecimal", "divider_add two words",
                                      "variable_add TOP.clk\nitem_set_format Hexadecimal", "item_focus a",
                                      "divider_add one\nitem_focus a\nvariable_add TOP.clk\nitem_set_format Words",
                                      "zoom_to 5", "cursor_set here", "show"])
def test_the_reading_of_surfers_grammar_refuses(commands):
    with pytest.raises(Refused):
        surfer_rows(commands, {"TOP.clk": 1}, {"Words": 3})


@pytest.mark.parametrize("lines", ["@22\nTOP.none", "@22\nTOP.pc", "@28\nTOP.pc[63:0]", "@2022\nTOP.pc[63:0]",
                                   "TOP.clk", "@22\n-Heading", "*-3.0 5", "[timestart] soon"])
def test_the_reading_of_gtkwaves_grammar_refuses(tmp_path, lines):
    save = tmp_path / "bad.gtkw"
    save.write_text(lines)
    with pytest.raises(Refused):
        gtkwave_rows(save, {"TOP.clk": 1, "TOP.pc": 64})


TELL_ROWS = """
set file [open shown.txt w]
for {set row 0} {$row < [gtkwave::getTotalNumTraces]} {incr row} {
    puts $file "[gtkwave::getTraceFlagsFromIndex $row] [gtkwave::getTraceNameFromIndex $row]"
}
puts $file "[gtkwave::getMarker] cursor"
close $file
gtkwave::/File/Quit
"""


def gtkwave_command():
    """How to start GTKWave here; a test that asks is skipped where that is not possible."""
    if not (gtkwave := shutil.which("gtkwave")):
        pytest.skip("GTKWave is not installed, and there is no Python package of it")
    version = subprocess.run([gtkwave, "--version"], capture_output=True, text=True, timeout=60).stdout
    if not re.search(r"\bv3\.", version):
        pytest.skip("this GTKWave has no Tcl commands to ask it by: version 3 has")
    if os.environ.get("DISPLAY"):
        return [gtkwave]
    if not (xvfb := shutil.which("xvfb-run")):
        pytest.skip("GTKWave needs a display: set DISPLAY, or install Xvfb with xvfb-run")
    return [xvfb, "-a", gtkwave]


def test_gtkwave_itself_opens_the_view(view, tmp_path):
    script, settings, shown = tmp_path / "rows.tcl", tmp_path / "gtkwaverc", tmp_path / "shown.txt"
    script.write_text(TELL_ROWS)
    settings.write_text("")    # empty ones, as the user's may shorten names
    ran = subprocess.run([*gtkwave_command(), "--rcfile", settings, "--script", script, view.wave, view.gtkwave],
                         cwd=tmp_path, timeout=120, capture_output=True, text=True)
    if "Tcl support not compiled" in ran.stderr:
        pytest.skip("this GTKWave is built without Tcl")
    assert shown.exists(), ran.stdout + ran.stderr
    *rows, cursor = (line.partition(" ") for line in shown.read_text().splitlines())
    expected, _ = gtkwave_rows(view.gtkwave, view.widths)
    assert [(name, int(flags) & ~HIGHLIGHT) for flags, _, name in rows] == expected
    assert cursor == (str(CURSOR), " ", "cursor")
