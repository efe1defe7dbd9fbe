"""Build the demonstration: a program in a kernel in a hypervisor, each the cargo of the next."""

import os
import subprocess
import sys
from pathlib import Path

from elftools.elf.elffile import ELFFile

from ..build import BuildError, cache_directory

HYPERVISOR = Path(__file__).resolve().parent
KERNEL = HYPERVISOR.parent / "guests" / "kernel"
FLAGS = ["-target", "riscv64-freestanding", "-mcpu=generic_rv64+m+a+c+h+zicsr+zifencei", "-mcmodel=medany",
         "-ffreestanding", "-nostdlib", "-static", "-fno-builtin", "-fno-sanitize=all", "-fno-stack-protector",
         "-O2", "-g", "-Wall", "-Wextra", "-Werror"]
PAGE = 4096


def build_demo(out_dir: Path | str) -> Path:
    """Build the hypervisor with its guest.

    Parameters
    ----------
    out_dir : path
        A folder for `hypervisor.elf` and, as their symbols help to read a trace, `kernel.elf` (the guest's kernel,
        at guest physical 0x8000_0000) and `user.elf` (its program). It is made if it is not there.

    Returns
    -------
    Path
        `hypervisor.elf`, to be loaded at 0x8000_0000 and started in M-mode.

    Raises
    ------
    BuildError
        The compiler refused; the message has its words.
    """
    out = Path(out_dir).resolve()
    out.mkdir(parents=True, exist_ok=True)
    format_c = HYPERVISOR / "format.c"

    user = link(out / "user.elf", KERNEL / "user.ld", [KERNEL / "user_start.S", KERNEL / "user.c", format_c])
    kernel = link(out / "kernel.elf", KERNEL / "link.ld",
                  [KERNEL / f for f in ("start.S", "kernel.c", "paging.c", "firmware.c")] + [format_c],
                  USER_IMAGE=flatten(user))
    return link(out / "hypervisor.elf", HYPERVISOR / "link.ld",
                [HYPERVISOR / "start.S", HYPERVISOR / "world.S", *sorted(HYPERVISOR.glob("*.c"))],
                GUEST_IMAGE=flatten(kernel))


def link(elf: Path, script: Path, sources: list[Path], **images: Path) -> Path:
    """Compile and link `sources` to `elf`; `images` are files that the assembler includes, by the macro's name."""
    defines = [f'-D{name}="{path.as_posix()}"' for name, path in images.items()]
    command = [sys.executable, "-m", "ziglang", "cc", *FLAGS, *defines, f"-I{HYPERVISOR}", "-T", script,
               *sources, "-o", elf]
    own = str(cache_directory() / "zig")  # where the compiler keeps what it has compiled
    result = subprocess.run(list(map(str, command)), capture_output=True, text=True,
                            env=os.environ | {"ZIG_GLOBAL_CACHE_DIR": own, "ZIG_LOCAL_CACHE_DIR": own})
    if result.returncode:
        raise BuildError(f"{elf.name} does not build:\n{result.stderr}")
    return elf


def flatten(elf: Path) -> Path:
    """Write beside `elf` what it loads, as it lies in memory, filled up to whole pages; the path of that file."""
    with elf.open("rb") as file:
        segments = [(s["p_paddr"], s.data()) for s in ELFFile(file).iter_segments("PT_LOAD") if s["p_filesz"]]
    base = min(address for address, _ in segments)
    image = bytearray()
    for address, data in sorted(segments):
        image += bytes(address - base - len(image)) + data
    image += bytes(-len(image) % PAGE)
    binary = elf.with_suffix(".bin")
    binary.write_bytes(image)
    return binary


if __name__ == "__main__":
    try:
        print(build_demo(sys.argv[1] if len(sys.argv) > 1 else "build/hypervisor"))
    except BuildError as error:
        sys.exit(str(error))
