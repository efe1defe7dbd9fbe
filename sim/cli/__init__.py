"""`hyacinth`: the command line. Each command is a module of this package, imported when it is asked for."""

import os
import sys
import warnings
from importlib import import_module

from ..elf import BadProgram
from .arguments import parser
from .status import BadInput, Status

COMMANDS = {"run": ".run", "demo": ".demo", "doctor": "..doctor", "bench": ".bench", "random": ".random",
            "explain": ".explain", "linux": ".linux"}


def main(arguments: list[str] | None = None) -> int:
    """Run the command line `arguments` (default: those of the process); returns the exit status."""
    try:
        top = parser()
        options = top.parse_args(arguments)
        if not hasattr(options, "command"):
            raise BadInput(f"no command given; give one of {', '.join(COMMANDS)}, see `hyacinth --help`")
        status = import_module(COMMANDS[options.command], __package__).main(options)
        sys.stdout.flush()
        return int(status)
    except (BadInput, BadProgram) as error:
        print(f"hyacinth: {error}", file=sys.stderr)
        return Status.BAD_INPUT
    except KeyboardInterrupt:
        # Boxes that were made and not yet used are no mistake now.
        warnings.simplefilter("ignore")
        print("hyacinth: interrupted", file=sys.stderr)
        return Status.INTERRUPTED
    except BrokenPipeError:
        # Who reads us has gone: nothing more can be said, and Python must not try at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Status.BROKEN_PIPE
