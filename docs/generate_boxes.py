"""Pages of docs/rtl/, one for each file with a box in it: what it is, whom it is joined to, its ports.

The hierarchy is elaborated, and who drives whom is read from Amaranth's own statements: so the pictures need no care.
"""

import inspect
import re
from collections import defaultdict
from pathlib import Path

from amaranth.hdl import Fragment, Shape, Value
from amaranth.hdl._ast import SignalKey
from amaranth.lib import stream, wiring

from hyacinth.rtl import bus, payloads, ports
from hyacinth.rtl.cache.ways import WAY_KIB
from hyacinth.rtl.config import FULL
from hyacinth.rtl.devices.ram import BlockRam
from hyacinth.rtl.devices.serializer import Serializer
from hyacinth.rtl.soc import Soc

HERE = "this box"
INTERFACES_INTRODUCTION = """How boxes are joined: [rtl/ports.py](../../rtl/ports.py), [rtl/bus.py](../../rtl/bus.py).
Directions are those of who asks. What travels in them is in [rtl/payloads.py](../../rtl/payloads.py)."""
BAR = "\\|"
PER_LINE = 3
"""Ports beside an arrow in one line."""


class Box:
    """A component in the elaborated hierarchy.

    component : the instance
    name : as its parent calls it
    inside : list of Box
    wires : set of (from, to, port), by names of boxes in it, or HERE
    """
    def __init__(self, fragment, name="soc"):
        self.name = name
        self.component = component_of(fragment)
        self.inside = [Box(inner, inner_name) for inner, inner_name, _ in fragment.subfragments if component_of(inner)]
        self.wires = self._wires(fragment)

    def _wires(self, fragment):
        owners = {}
        for box in [*self.inside, self]:
            name = HERE if box is self else box.name
            for path, member, value in box.component.signature.flatten(box.component):
                whole = box.component.signature.members[path[0]]
                for signal in signals(Value.cast(value)):
                    owners[signal] = (name, str(path[0]), member.flow, whole)
        drivers = defaultdict(set)
        for statements in fragment.statements.values():
            for statement in statements:
                follow(statement, frozenset(), drivers)
        found = set()
        for signal, (name, port, flow, whole) in owners.items():
            driven = flow == (wiring.Out if name == HERE else wiring.In)
            for source in sources(signal, drivers, owners) if driven else ():
                other, other_port, _, other_whole = owners[source]
                if other == name:
                    continue
                asks = whole.is_signature and (whole.flow == wiring.Out) != (name == HERE)
                if asks:
                    found.add((name, other, port))
                elif other_whole.is_signature and (other_whole.flow == wiring.Out) != (other == HERE):
                    found.add((other, name, other_port))
                else:
                    found.add((other, name, port))
        return found


def component_of(fragment):
    """The component of this project that `fragment` was elaborated from, or None."""
    return next((origin for origin in fragment.origins or () if isinstance(origin, wiring.Component)
                 and type(origin).__module__.startswith("hyacinth.rtl.")), None)


def signals(value: Value) -> frozenset:
    """The signals in an expression, as what can be a key."""
    return frozenset(map(SignalKey, value._rhs_signals()))


def follow(statement, conditions, drivers) -> None:
    """Enter which signals each signal is made of, the conditions of an assignment among them."""
    if hasattr(statement, "cases"):
        inner = conditions | signals(statement.test)
        for _, body, *_ in statement.cases:
            for each in body:
                follow(each, inner, drivers)
    elif hasattr(statement, "lhs"):
        for signal in signals(statement.lhs):
            drivers[signal] |= signals(statement.rhs) | conditions


def sources(signal: SignalKey, drivers, owners) -> set:
    """The ports that `signal` is made of, through signals that are no ports."""
    found, seen, todo = set(), set(), list(drivers[signal])
    while todo:
        each = todo.pop()
        if each in seen:
            continue
        seen.add(each)
        if each in owners:
            found.add(each)
        else:
            todo += drivers[each]
    return found


def picture(wires) -> list[str]:
    """Wires as a Mermaid picture: an arrow from who asks or drives, to who answers or listens."""
    between = defaultdict(set)
    for source, target, port in wires:
        between[source, target].add(port)
    lines = ["", "```mermaid", "graph LR"]
    for (source, target), names in sorted(between.items()):
        names = sorted(names)
        rows = [", ".join(names[at:at + PER_LINE]) for at in range(0, len(names), PER_LINE)]
        lines.append(f'  {node(source)} -- "{"<br>".join(rows)}" --> {node(target)}')
    return [*lines, "```"]


def node(name: str) -> str:
    """A box of a Mermaid picture; what lies outside is round."""
    return f"outside([{name}])" if name in (HERE, "outside") else f"box_{name}[{name}]"


def sections(text: str) -> dict[str, str]:
    """The parts of a docstring by their headings; the first has none."""
    parts = re.split(r"^(\w+)\n-{4,}\n", inspect.cleandoc(text or ""), flags=re.MULTILINE)
    return {"": parts[0].strip()} | dict(zip(parts[1::2], parts[2::2], strict=True))


def entries(text: str) -> list[tuple[str, str]]:
    """(head, text) of each entry of a docstring's section."""
    found = re.split(r"^(?=\S)", text or "", flags=re.MULTILINE)
    return [(head.strip(), " ".join(rest.split())) for head, _, rest in (each.partition("\n") for each in found)
            if head]


def names_of(head: str) -> list[str]:
    """The names at the head of an entry: `a : In(1), b : Out(2)`, or `a, b : In(1)`."""
    return re.findall(r"(?:^|,\s*)(\w+)(?=\s*(?:,|:|$))", head)


def type_of(member) -> str:
    """A member's type and width."""
    if member.is_signature:
        signature = member.signature.flip() if member.flow == wiring.In else member.signature
        if isinstance(signature, stream.Signature):
            return f"stream of {shape_text(signature.members['payload'].shape)}"
        kind = type(signature).__name__
        return f"[{kind}]({{interfaces}}#{kind.lower()})"
    return shape_text(member.shape)


def shape_text(shape) -> str:
    """A payload's name with its bits, or bits."""
    width = Shape.cast(shape).width
    name = getattr(shape, "__name__", "") if not isinstance(shape, int | Shape) else ""
    return f"{name}, {width} bits" if name else f"{width} bit{'s' if width != 1 else ''}"


def ports_table(signature, members: str, up: str) -> list[str]:
    """The table of ports, with what the docstring says of each."""
    said = {}
    for head, text in entries(members):
        for at, name in enumerate(names_of(head)):
            said[name] = text if at == 0 else f"with `{names_of(head)[0]}`" if text else ""
    rows = []
    for name, member in signature.members.items():
        size = "".join(f"[{n}]" for n in member.dimensions)
        kind = type_of(member).replace("{interfaces}", f"{up}interfaces.md")
        rows.append(f"| `{name}{size}` | {member.flow.name} | {kind} | {said.get(str(name), '').replace('|', BAR)} |")
    return ["", "| port | direction | what | |", "|---|---|---|---|", *rows] if rows else []


def box_lines(component, up: str) -> list[str]:
    """The text of one component."""
    said = sections(type(component).__doc__)
    lines = ["", f"## {type(component).__name__}", "", said[""]]
    parameters = entries(said.get("Parameters", ""))
    if parameters:
        lines += ["", *(f"- **{head}** {text}".rstrip() for head, text in parameters)]
    return lines + ports_table(component.signature, said.get("Members", ""), up)


EXAMPLES = {"DataCacheSignature": (FULL.dcache_kib // WAY_KIB,)}
"""Arguments of the signatures that need some, as `full` has them."""


def interfaces() -> str:
    """The page of signatures and payloads."""
    lines = ["# Interfaces", "", INTERFACES_INTRODUCTION]
    for module in (ports, bus):
        for name, kind in vars(module).items():
            if inspect.isclass(kind) and issubclass(kind, wiring.Signature) and kind.__module__ == module.__name__:
                said = sections(kind.__doc__)
                table = ports_table(kind(*EXAMPLES.get(name, ())), said.get("Members", ""), "")
                lines += ["", f"## {name}", "", said[""], *table]
    lines += ["", "## Payloads", "", "| payload | bits | what it is |", "|---|---|---|"]
    for module in (payloads, ports, bus):
        for name, kind in vars(module).items():
            if inspect.isclass(kind) and hasattr(kind, "as_shape") and kind.__module__ == module.__name__:
                text = " ".join(sections(kind.__doc__)[""].split())
                lines.append(f"| `{name}` | {Shape.cast(kind).width} | {text} |")
    return "\n".join(lines) + "\n"


def pages(root: Path) -> dict[str, str]:
    """The pages, by path below docs/."""
    by_file, found = defaultdict(dict), Box(Fragment.get(Soc(FULL, inspect=True), None))
    alone = [Box(Fragment.get(component, None)) for component in (BlockRam(0, 4096, b""), Serializer())]

    def visit(box, parent):
        path = inspect.getmodule(type(box.component)).__file__
        where = Path(path).resolve().relative_to(root)
        by_file[where].setdefault(type(box.component).__name__, (box, parent))
        for inner in box.inside:
            visit(inner, box)

    for box in [found, *alone]:
        visit(box, None)
    made = {"rtl/interfaces.md": interfaces()}
    for where, boxes in by_file.items():
        made[where.with_suffix(".md").as_posix()] = page(where, boxes, root)
    return made


def page(where: Path, boxes, root: Path) -> str:
    """The page of one file."""
    up = "../" * (len(where.parts) - 2)
    source = f"../../{up}{where.as_posix()}"
    about = " ".join((inspect.getmodule(type(next(iter(boxes.values()))[0].component)).__doc__ or "").split())
    lines = [f"# [{where.as_posix()}]({source})", "", about]
    test = Path("tests/unit") / where.relative_to("rtl").with_name(f"test_{where.name}")
    if (root / test).exists():
        lines += ["", f"Its tests: [{test.as_posix()}](../../{up}{test.as_posix()})."]
    for box, parent in boxes.values():
        around = {wire for wire in parent.wires if box.name in wire[:2]} if parent else set()
        if around:
            parent_name = type(parent.component).__name__
            lines += picture({tuple("outside" if part == HERE else part for part in wire) for wire in around})
            lines += ["", f"*Around `{box.name}` in {parent_name}: arrows go from who asks or drives to who answers.*"]
        lines += box_lines(box.component, up)
        if any(HERE not in wire[:2] for wire in box.wires):
            lines += ["", "Inside:", *picture({tuple("outside" if part == HERE else part for part in wire)
                                               for wire in box.wires})]
    return "\n".join(lines) + "\n"
