"""decode.c of the demonstration hypervisor, compiled for this machine: what a load or store wanted."""

import ctypes
import subprocess
import sys

import pytest
from elftools.elf.elffile import ELFFile

from hyacinth.sw.hypervisor.build import HYPERVISOR

ZIG = [sys.executable, "-m", "ziglang", "cc"]
# instruction: store, signed, size in bytes, register, length in bytes
ACCESSES = {
    "lb a0, -5(s1)": (0, 1, 1, 10, 4),
    "lh t6, 6(s1)": (0, 1, 2, 31, 4),
    "lw a0, 2044(sp)": (0, 1, 4, 10, 4),
    "ld ra, 0(a0)": (0, 1, 8, 1, 4),
    "lbu x0, 5(a5)": (0, 0, 1, 0, 4),
    "lhu a7, 0(a7)": (0, 0, 2, 17, 4),
    "lwu s11, -2048(tp)": (0, 0, 4, 27, 4),
    "sb t0, -1(s0)": (1, 1, 1, 5, 4),
    "sh x0, 2(s0)": (1, 1, 2, 0, 4),
    "sw t6, 2047(s0)": (1, 1, 4, 31, 4),
    "sd a0, 31(s0)": (1, 1, 8, 10, 4),
    "c.lw a5, 4(s0)": (0, 1, 4, 15, 2),
    "c.ld s1, 8(a0)": (0, 1, 8, 9, 2),
    "c.sw s0, 64(a5)": (1, 1, 4, 8, 2),
    "c.sd a4, 248(a5)": (1, 1, 8, 14, 2),
    "c.lwsp t6, 12(sp)": (0, 1, 4, 31, 2),
    "c.ldsp ra, 504(sp)": (0, 1, 8, 1, 2),
    "c.swsp t2, 252(sp)": (1, 1, 4, 7, 2),
    "c.sdsp s11, 0(sp)": (1, 1, 8, 27, 2),
    "c.lbu a0, 3(a1)": (0, 0, 1, 10, 2),
    "c.lhu a1, 2(a0)": (0, 0, 2, 11, 2),
    "c.lh a2, 0(a0)": (0, 1, 2, 12, 2),
    "c.sb a3, 1(a5)": (1, 1, 1, 13, 2),
    "c.sh a4, 2(a5)": (1, 1, 2, 14, 2),
}
OTHERS = ["add a0, a1, a2", "amoadd.w a0, a1, (a2)", "lr.d a0, (a1)", "hlv.w a0, (a1)", "wfi", "fence.i",
          "c.addi a0, 1", "c.mv a0, a1", "c.j .", "c.nop", "beq a0, a1, .", "csrr a0, cycle"]


class Access(ctypes.Structure):
    _fields_ = [("store", ctypes.c_bool), ("is_signed", ctypes.c_bool), ("size", ctypes.c_uint),
                ("reg", ctypes.c_uint), ("length", ctypes.c_uint)]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    path = tmp_path_factory.mktemp("decode") / "decode.so"
    subprocess.run([*ZIG, "-O1", "-shared", "-fPIC", "-fno-sanitize=all", HYPERVISOR / "decode.c", "-o", path],
                   check=True)
    library = ctypes.CDLL(str(path))
    library.transform.argtypes, library.transform.restype = [ctypes.c_uint32], ctypes.c_uint64
    library.decode.argtypes, library.decode.restype = [ctypes.c_uint64, ctypes.POINTER(Access)], ctypes.c_bool
    return library


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    """The encoding of each instruction above, as the assembler makes it: a word, or a half-word's value."""
    folder = tmp_path_factory.mktemp("words")
    lines = [*ACCESSES, *OTHERS]
    (folder / "x.S").write_text("".join(
        f".option {'arch, +zcb' if line.startswith('c.') else 'norvc'}\n{line}\n.balign 4, 0\n" for line in lines))
    subprocess.run([*ZIG, "-target", "riscv64-freestanding", "-mcpu=generic_rv64+m+a+c+h+zicsr+zifencei",
                    "-c", folder / "x.S", "-o", folder / "x.o"], check=True)
    with (folder / "x.o").open("rb") as file:
        code = ELFFile(file).get_section_by_name(".text").data()
    assert len(code) == 4 * len(lines)
    return {line: int.from_bytes(code[4 * i:4 * i + 4], "little") for i, line in enumerate(lines)}


@pytest.mark.parametrize("line", ACCESSES)
def test_a_load_or_store_is_decoded(library, words, line):
    access = Access()
    assert library.decode(library.transform(words[line]), access)
    store, is_signed, size, register, length = ACCESSES[line]
    assert (access.store, access.size, access.reg, access.length) == (store, size, register, length)
    assert store or access.is_signed == is_signed


@pytest.mark.parametrize("line", ACCESSES)
def test_a_transformed_instruction_has_no_address_and_tells_the_length_by_bit_1(library, words, line):
    transformed = library.transform(words[line])
    store, *_, length = ACCESSES[line]
    assert transformed & 3 == (3 if length == 4 else 1)
    assert transformed & (0xFE0F_8F80 if store else 0xFFFF_8000) == 0


@pytest.mark.parametrize("line", OTHERS)
def test_another_instruction_has_no_transformation(library, words, line):
    assert library.transform(words[line]) == 0


@pytest.mark.parametrize("value", [0, 0x3000, 0x3020, 0x1_0000_0003, 0x0000_7003, 0x0000_4023, 0x0000_202F, 0x2],
                         ids=["zero", "read of a table", "write of a table", "upper half", "load of no size",
                              "store of no size", "atomic", "bits 1:0 = 2"])
def test_what_is_no_transformed_load_or_store_is_refused(library, value):
    assert not library.decode(value, Access())
