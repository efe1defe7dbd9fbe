"""docs/cores.md: what can be chosen about a core, from rtl/config.py and rtl/isa/extensions.py."""

import re
from pathlib import Path

from generate_isa import table

from hyacinth.rtl.config import CONFIGS, SETTABLE
from hyacinth.rtl.isa.extensions import EXTENSIONS

INTRODUCTION = """# Cores

`--core NAME` of the commands and `Machine("NAME")` name a core: `full`, `small` or `no-h`, then extensions that are
taken away or added, then other choices:

```sh
hyacinth run --core full-sstc program.elf            # no stimecmp: what does my hypervisor do?
hyacinth run --core full:htinst=zero program.elf     # a machine that never says which instruction it was
hyacinth run --core small+svinval:geilen=8 program.elf
```

The manual leaves much to the machine, and hypervisors trip over it: so try yours against every legal one. A core that
was not run before is built first, which takes a minute or two. In Python a core is a `CoreConfig`, a frozen dataclass
that refuses what cannot be: `replace(FULL, htinst="zero")`, `FULL.without("sstc")`."""
FIELD = re.compile(r"^    (\w+): \S+ = .*?  # (.*)$", re.MULTILINE)


def pages(root: Path) -> dict[str, str]:
    """The page, by its path below docs/."""
    said = dict(FIELD.findall((root / "rtl/config.py").read_text(encoding="utf-8")))
    fields = [(f"`{name}`", said[name], *(f"`{getattr(core, name)}`" for core in CONFIGS.values()))
              for name in SETTABLE if name in said]
    extensions = [(f"`{each.name}`", each.title, ", ".join(name for name, core in CONFIGS.items()
                                                            if core.has(each.name))) for each in EXTENSIONS]
    return {"cores.md": "\n".join([
        INTRODUCTION, "", "## Extensions that can be taken away",
        *table("name", "what it gives", "in", rows=extensions), "", "## Other choices",
        *table("field", "what it is", *CONFIGS, rows=fields)]) + "\n"}
