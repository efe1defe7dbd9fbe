"""Each trap that a newcomer's images may hold is named before the run, with the mend; good images pass."""

import struct

import fdt
import pytest

from hyacinth.rtl.config import CONFIGS, RAM
from hyacinth.rtl.device_tree import device_tree
from hyacinth.sim.cli import main
from hyacinth.sw.build import build, compile_program, programs

FLAGS = ("-target", "riscv64-freestanding", "-nostdlib", "-static", "-O1", "-fno-sanitize=all")
CORE = ("-mcpu=generic_rv64+m+a+c+zicsr", "-mabi=lp64")
CSRW_MENVCFG = "csrw 0x30a, a0"


def kernel_image(size=0x1000, whole=0x2000):
    """A kernel's Image that is nothing but its header."""
    head = bytearray(size)
    struct.pack_into("<Q", head, 16, whole)
    head[48:53], head[56:60] = b"RISCV", b"RSC\x05"
    return bytes(head)


def tree(path, change=None, memory=128 << 20, bootargs="console=ttyS0"):
    """A device tree as the machine has it, but for what `change` does to it."""
    made = fdt.parse_dtb(device_tree(CONFIGS["full"], memory, bootargs))
    if change:
        change(made)
    path.write_bytes(made.to_dtb(version=17))
    return path


def extensions(*, without=(), more=()):
    """A change of the extensions that the hart has."""
    def change(made):
        names = [name for name in made.get_property("riscv,isa-extensions", "/cpus/cpu@0") if name not in without]
        made.set_property("riscv,isa-extensions", [*names, *more], "/cpus/cpu@0")
    return change


def program(tmp_path, name, text, *flags, base=RAM.base):
    """An ELF file of assembler or C."""
    source, script = tmp_path / name, tmp_path / "link.ld"
    source.write_text(text)
    script.write_text(f"ENTRY(_start) SECTIONS {{ . = {base:#x}; .text : {{ *(.text*) }} .data : {{ *(.data*) }} }}")
    return compile_program(f"{source.stem}-{base:x}", [source], (*FLAGS, f"-Wl,-T,{script}", *(flags or CORE)))


def doctor(capsys, *arguments):
    """The status, and what was said."""
    status = main(["doctor", *map(str, arguments)])
    return status, "".join(capsys.readouterr())


@pytest.fixture
def firmware(tmp_path):
    return program(tmp_path, "firmware.S", f".globl _start\n_start: {CSRW_MENVCFG}\n j _start\n")


def test_good_images_pass(tmp_path, capsys, firmware):
    (tmp_path / "Image").write_bytes(kernel_image())
    (tmp_path / "initrd").write_bytes(b"070701" + bytes(100))
    said = doctor(capsys, firmware, tmp_path / "Image", tmp_path / "initrd", tree(tmp_path / "tree.dtb"))
    assert said == (0, "Nothing is known that would fail.\n")
    assert doctor(capsys, build(programs("ecall_from")[0]), "--bootargs", "console=hvc0")[0] == 0


@pytest.mark.parametrize("change, text", [
    (extensions(without="h"), "does not name h among the hart's extensions"),
    (extensions(without=["zicntr"]), "does not name zicntr"),
    (extensions(more=["d"]), "names the extension d, which the core lacks"),
    (lambda made: made.set_property("bootargs", "console=ttySIF0", "/chosen"), "console=ttySIF0: the machine has no"),
    (lambda made: made.set_property("reg", [0, 0x8000_0000, 0, 0x4000_0000], "/memory@80000000"), "says the RAM is"),
])
def test_a_device_tree_that_misleads_the_kernel_is_named(tmp_path, capsys, change, text):
    path = tree(tmp_path / "tree.dtb", change)
    status, said = doctor(capsys, path)
    assert status == 1 and f"FAILS     {path}: " in said and text in said and "-> " in said


def narrow(made):
    """Addresses and sizes of 32 bits, in one cell each."""
    for name in "#address-cells", "#size-cells":
        made.set_property(name, [1], "/")
    made.set_property("reg", [0x8000_0000, 128 << 20], "/memory@80000000")


def put(path, item):
    """A change: a property as the library has it, whatever its kind."""
    def change(made):
        node = made.get_node(path)
        if node.exist_property(item.name):
            node.remove_property(item.name)
        node.append(item)
    return change


@pytest.mark.parametrize("change, text", [
    (narrow, "Nothing is known that would fail.\n"),
    (lambda made: made.get_node("/memory@80000000").remove_property("reg"), "memory@80000000 has no reg of "),
    (put("/memory@80000000", fdt.PropWords("reg", 0x8000_0000)), "memory@80000000 has no reg of "),
    (put("/", fdt.PropWords("#address-cells", 0)), "memory@80000000 has no reg of "),
    (put("/chosen", fdt.Property("bootargs")), "the kernel's command line names no console"),
    (put("/chosen", fdt.PropBytes("bootargs", data=b"console=ttyS0 \xc3\xa4")), "Nothing is known"),
    (put("/chosen", fdt.PropBytes("bootargs", data=b"quiet \xff")), "the kernel's command line names no console"),
], ids=["one cell each", "no reg", "half a reg", "no cells", "empty bootargs", "bootargs as bytes", "strange bootargs"])
def test_an_unusual_device_tree_is_read_as_it_is(tmp_path, capsys, change, text):
    status, said = doctor(capsys, tree(tmp_path / "tree.dtb", change))
    assert status == 0 and text in said and said.count("\n") <= 2


def test_a_narrow_memory_that_is_too_large_is_named(tmp_path, capsys):
    def change(made):
        narrow(made)
        made.set_property("reg", [0x8000_0000, 64 << 20, 0x8400_0000, 128 << 20], "/memory@80000000")
    status, said = doctor(capsys, tree(tmp_path / "tree.dtb", change))
    assert status == 1 and "says the RAM is 0x84000000 to 0x8c000000" in said and said.count("says the RAM") == 1


def test_an_isa_that_is_no_text_names_nothing(tmp_path, capsys):
    def change(made):
        made.get_node("/cpus/cpu@0").remove_property("riscv,isa-extensions")
        put("/cpus/cpu@0", fdt.PropBytes("riscv,isa", data=b"rv64imac\xff"))(made)
    status, said = doctor(capsys, tree(tmp_path / "tree.dtb", change))
    assert status == 1 and "does not name h " in said


def test_one_console_that_there_is_is_enough(capsys, firmware):
    status, said = doctor(capsys, firmware, "--bootargs", "console=tty0 console=ttyS0")
    assert status == 0 and "may fail  --bootargs: console=tty0: the machine has no such device\n" in said
    status, said = doctor(capsys, firmware, "--bootargs", "console=tty0")
    assert status == 1 and "the kernel will be silent" in said


def test_the_old_property_is_read_where_the_new_one_is_absent(tmp_path, capsys):
    def old(made):
        made.get_node("/cpus/cpu@0").remove_property("riscv,isa-extensions")
        made.set_property("riscv,isa", "rv64imac_sstc", "/cpus/cpu@0")
    status, said = doctor(capsys, tree(tmp_path / "tree.dtb", old))
    assert status == 1 and "does not name h " in said and "zicntr" not in said


def test_a_firmware_that_never_sets_stce_is_named_where_the_kernel_is_told_of_sstc(tmp_path, capsys):
    silent = program(tmp_path, "silent.S", ".globl _start\n_start: csrw 0x340, a0\n j _start\n")
    (tmp_path / "Image").write_bytes(kernel_image())
    status, said = doctor(capsys, silent, tmp_path / "Image")
    assert status == 1 and "never writes menvcfg, so STCE stays 0" in said
    without = tree(tmp_path / "tree.dtb", extensions(without=["sstc"]))
    assert doctor(capsys, silent, tmp_path / "Image", without)[0] == 0
    assert doctor(capsys, silent)[0] == 0


def test_a_program_for_another_core_is_named(tmp_path, capsys):
    text = "double twice(double x) { return x + x; }\nvoid _start(void) { for (;;) { } }\n"
    status, said = doctor(capsys, program(tmp_path, "hard.c", text, "-mcpu=generic_rv64+f+d", "-mabi=lp64d"))
    assert status == 1 and "double-float ABI" in said and "-mabi=lp64" in said
    soft = program(tmp_path, "soft.S", ".globl _start\n_start: fld fa0, 0(a0)\n c.nop\n c.fsd fa0, 0(a0)\n j _start\n",
                   "-mcpu=generic_rv64+f+d+c", "-mabi=lp64")
    status, said = doctor(capsys, soft)
    assert status == 0 and "may fail" in said and "2 instructions of F or D, the first at 0x8000" in said
    vector = program(tmp_path, "vector.S", ".globl _start\n_start: vsetvli a0, a1, e8\n vle8.v v0, (a0)\n j _start\n",
                     "-mcpu=generic_rv64+v", "-mabi=lp64")
    assert "2 instructions of V" in doctor(capsys, vector)[1]


def test_a_program_given_twice_overlaps_with_itself(capsys, firmware):
    status, said = doctor(capsys, firmware, firmware)
    assert status == 1 and f"within {firmware.name}" in said


def test_damaged_section_headers_are_one_line(tmp_path, capsys, firmware):
    whole = bytearray(firmware.read_bytes())
    headers, = struct.unpack_from("<Q", whole, 40)
    for damage in (struct.pack("<Q", len(whole) - 10), struct.pack("<Q", 1 << 63)):
        (tmp_path / "damaged").write_bytes(whole[:40] + damage + whole[48:])
        status, said = doctor(capsys, tmp_path / "damaged")
        assert status == 2 and "its section headers are damaged" in said and said.count("\n") == 1
    for at in range(headers, len(whole)):   # nor is anything else of them a traceback
        (tmp_path / "damaged").write_bytes(whole[:at] + bytes([whole[at] ^ 0x83]) + whole[at + 1:])
        assert doctor(capsys, tmp_path / "damaged")[0] in (0, 2)


def test_images_that_overlap_or_leave_the_ram_are_named(tmp_path, capsys, firmware):
    low = program(tmp_path, "low.S", ".globl _start\n_start: j _start\n", base=0x1000)
    assert "outside of RAM" in doctor(capsys, low)[1]
    (tmp_path / "Image").write_bytes(kernel_image(whole=1 << 30))
    status, said = doctor(capsys, firmware, tmp_path / "Image")
    assert status == 1 and f"lies at 0x80200000 to {0x8020_0000 + (1 << 30):#x}" in said
    (tmp_path / "initrd").write_bytes(b"070701" + bytes(13 << 20))
    (tmp_path / "Image").write_bytes(kernel_image(whole=4 << 20))
    status, said = doctor(capsys, firmware, tmp_path / "Image", tmp_path / "initrd", "--memory", "16M")
    assert status == 1 and "within Image (0x80200000 to 0x80600000)" in said
    blob = tmp_path / "firmware.bin"
    blob.write_bytes(bytes(4 << 20))
    assert f"begins at 0x80200000, within firmware.bin ({RAM.base:#x}" in doctor(capsys, blob, tmp_path / "Image")[1]


@pytest.mark.parametrize("contents, text", [
    (None, "no such image"), (b"", "the file is empty"), (b"\xd0\x0d\xfe\xed\0\0\x10\0", "cut short"),
    (b"\xd0\x0d\xfe\xed\0\0\0\x08", "no device tree that can be read"), (b"MZ" + bytes(100), "EFI application"),
    (b"\x7fELF\2\1\1" + bytes(17) + b"\0\0\0\0\xff\xff\xff\xff" + bytes(32), "give the kernel's Image")])
def test_a_file_that_is_nothing_is_one_line(tmp_path, capsys, contents, text):
    if contents is not None:
        (tmp_path / "file").write_bytes(contents)
    status, said = doctor(capsys, tmp_path / "file")
    assert status == 2 and text in said and said.count("\n") == 1 and ";" in said
