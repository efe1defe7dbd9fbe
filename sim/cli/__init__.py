"""`hyacinth`: the command line. Each command is a module of this package, imported when it is asked for."""

import os
import sys
import warnings
from importlib import import_module

from ..elf import BadProgram
from .arguments import parser
from .status import BadInput, Status

COMMANDS = {"run": ".run", "demo": ".demo", "doctor": "..doctor", "bench": ".bench", "random": ".random",
            "explain": ".explain", "linux": ".linux", "rules": ".rules", "mutants": ".mutants",
            "campaign": ".campaign", "coverage": ".coverage", "shrink": ".shrink"}


def main(arguments: list[str] | None = None) -> int:
    """Run the command line `arguments` (default: those of the process); returns the exit status."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # it was closed: the next file that is opened must not take its place
            setattr(sys, name, open(os.devnull, "w"))
    status = Status.SUCCESS
    try:
        status = _run(arguments)
        sys.stdout.flush()  # what was printed before an error, too
    except BrokenPipeError:
        # Who reads us has gone: nothing more can be said.
        status = Status.BROKEN_PIPE
        _silence()
    except OSError as error:
        if status != Status.BAD_INPUT:  # else it has been said
            print(f"hyacinth: {error.filename or 'standard output'}: {error.strerror}; give another place",
                  file=sys.stderr)
        status = Status.BAD_INPUT
        _silence()
    return int(status)


def _run(arguments: list[str] | None) -> int:
    try:
        top = parser()
        options = top.parse_args(arguments)
        if not hasattr(options, "command"):
            raise BadInput(f"no command given; give one of {', '.join(COMMANDS)}, see `hyacinth --help`")
        status = import_module(COMMANDS[options.command], __package__).main(options)
        sys.stdout.flush()
        return status
    except (BadInput, BadProgram) as error:
        print(f"hyacinth: {error}", file=sys.stderr)
        return Status.BAD_INPUT
    except KeyboardInterrupt:
        # Boxes that were made and not yet used are no mistake now.
        warnings.simplefilter("ignore")
        print("hyacinth: interrupted", file=sys.stderr)
        return Status.INTERRUPTED


def _silence() -> None:
    """Nothing more goes to standard output, where Python would try again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
