"""`hyacinth linux`: builds and boots a host with KVM that starts a guest."""

import sys
from contextlib import contextmanager
from pathlib import Path

from ...rtl.config import named
from ...sw.build import BuildError
from ..engines.engine import EngineError
from ..trace.symbols import Symbols
from .arguments import run_options
from .demo import print_exits
from .phases import Phases
from .plan import plan
from .run import run, say_ending, unwritten
from .status import BadInput, Status
from .terminal import Terminal
from .watchers import Exits

PHASES = (("firmware", "Linux version"), ("host's kernel", "host: user space"), ("monitor", "Linux version"),
          ("guest's kernel", "guest: user space"), ("guest's user space", "guest: powers off"),
          ("host's end", None))
"""Parts of a boot, each with what the console says when it is over."""
RESUMED = (("from the snapshot on", None),)
"""What the console said before is not known, so neither is which part it was."""


def main(options) -> Status:
    """Build the images; then, for `boot`, run them. The status is that of the run."""
    core = getattr(options, "core", "full")
    if not named(core).hypervisor:
        raise BadInput(f"--core {core}: KVM needs the H extension; give full or small")
    if options.action == "boot" and options.resume and (options.guest or options.bare or options.kvmtool):
        raise BadInput("--resume goes on with the guests of the snapshot; leave --guest, --bare and --kvmtool out")
    try:
        made = None if options.action == "boot" and options.resume else build(
            core, getattr(options, "guest", None), getattr(options, "bare", None), options.kvmtool)
    except BuildError as error:
        raise BadInput(str(error)) from None
    except BrokenPipeError:
        raise
    except OSError as error:
        raise BadInput(f"{error.filename or 'the images'}: {error.strerror}; set HYACINTH_CACHE to a folder that can "
                       "be written and has room") from None
    if options.action == "boot":
        return boot(options, made)
    for name, path in vars(made).items():
        print(f"{name:14} {path}")
    return Status.SUCCESS


def build(core: str, guest: list[str] | None, bare: Path | None, kvmtool: Path | None):
    """The images for a core; `guest` is the guest's first process and its arguments, `bare` a second guest, `kvmtool`
    the source of what runs the first."""
    from ...sw.linux.images import images
    program = Path(guest[0]) if guest else None
    with saying() as say:
        return images(named(core), say, program, " ".join(guest[1:] if guest else ()), bare, kvmtool)


def boot(options, made) -> Status:
    """Run, from reset or from a snapshot, and show what it came to."""
    from ...sw.linux.images import HOST_BOOTARGS
    options = run_options(**vars(options))
    symbols = None
    if made:
        options.firmware, options.kernel, options.initrd = made.firmware, made.kernel, made.initrd
        options.bootargs = options.bootargs or HOST_BOOTARGS
        symbols = Symbols(made.firmware, made.symbols, guest=Symbols(made.guest_symbols))
    planned = plan(options, symbols)
    exits, phases = Exits(), Phases(PHASES if made else RESUMED)
    try:
        ending = run(options, planned, Terminal(talks=True), watchers=[exits], phases=phases)
    except EngineError as error:
        raise BadInput(str(error)) from None
    except BrokenPipeError:
        raise
    except OSError as error:
        raise unwritten(options, error) from None
    print()
    phases.print()
    if exits.counter.cycles:
        print_exits(exits, phases.cycles)
    say_ending(planned, ending)
    return ending.status


@contextmanager
def saying():
    """A function that shows what is being done: on a terminal one line that changes, else a line for each kind."""
    if sys.stderr.isatty():
        from rich.console import Console
        with Console(stderr=True).status("") as status:
            yield status.update
        return
    before = ""

    def say(text: str) -> None:
        nonlocal before
        if (kind := text.split(":")[0]) != before:
            print(f"hyacinth: {kind}", file=sys.stderr, flush=True)
        before = kind
    yield say
