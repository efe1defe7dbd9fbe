"""Many mutants in one model: an input of it says which one is active, so that each is tried without a build.

The sources are rewritten: an expression that mutants change becomes a choice between it and what they make of it, an
assignment that one leaves out becomes one that depends on the input. That works where what is changed is hardware; a
mutant of a plain number, of a table or of a width is left out.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from amaranth.hdl import Mux, Signal, Value

from .operators import Mutant, Places

WIDTH = 16
ACTIVE = Signal(WIDTH, name="mutant")
"""The number of the mutant that is active; 0 is none."""
LONGEST = 100_000
"""Characters of an expression with choices: where a loop in a source builds on what it made before, their number
doubles with each turn."""
REACHED, REFUSED = set(), set()
"""Numbers of mutants that were seen while the hardware was made, and of those that cannot be chosen."""

CALLS = {"Mux", "Cat", "any", "all", "matches", "bit_select", "word_select", "replicate", "bool"}
"""What can be called twice, for it only makes a value."""
OPERATORS = ast.BitAnd | ast.BitOr | ast.BitXor | ast.Add | ast.Sub
ONCE = {"m", "Signal", "super"}
"""Names in expressions that must not be evaluated twice."""
IMPORT = "from hyacinth.sim.mutants.woven import ACTIVE as _ACTIVE, either as _either, leaves_out as _leaves_out\n"


def either(before: Callable, afters: dict[int, Callable]):
    """The value of `before()`, or of what the active mutant has in its place."""
    value = before()
    for number, after in afters.items():
        REACHED.add(number)
        try:
            other = Value.cast(after())
            if not isinstance(value, Value) or other.shape() != value.shape():
                raise TypeError("no choice between the two")
            chosen = Mux(ACTIVE == number, other, value)
            if len(repr(chosen)) > LONGEST:
                raise ValueError("each choice has those before it twice")
            value = chosen
        except Exception:  # whatever the change breaks
            REFUSED.add(number)
    return value


def leaves_out(number: int):
    """Whether the active mutant leaves out an assignment."""
    REACHED.add(number)
    return ACTIVE == number


@dataclass
class Host:
    """A piece of the text that mutants change: an expression, or an assignment `m.d.DOMAIN += …`."""
    start: int
    end: int
    node: ast.AST
    mutants: dict[int, Mutant] = field(default_factory=dict)


def woven(mutants: dict[int, Mutant], root: Path) -> dict[str, str]:
    """The sources that `mutants` change, by path, with a choice for each that has a place to choose."""
    numbered: dict[str, dict[int, Mutant]] = {}
    for number, mutant in mutants.items():
        numbered.setdefault(mutant.path, {})[number] = mutant
    return {path: Weaver((root / path).read_bytes(), own).woven() for path, own in numbered.items()}


class Weaver:
    """Rewrites one source.

    Parameters
    ----------
    text : bytes
        The source.
    numbered : dict
        Its mutants by number. Those for which there is no place to choose are not in the result.
    """
    def __init__(self, text: bytes, numbered: dict[int, Mutant]):
        self.text = text
        self.places = Places(text)
        self.hosts = self._hosts(ast.parse(text))
        for number, mutant in numbered.items():
            if host := self._host(mutant):
                host.mutants[number] = mutant
        self.hosts = [host for host in self.hosts if host.mutants]

    def woven(self) -> str:
        """The text with all choices."""
        text = self._render(0, len(self.text), self.hosts)
        for statement in ast.parse(self.text).body:  # after the docstring
            if not isinstance(statement, ast.Expr):
                at = self.places.lines[statement.lineno - 1]
                # Nothing is chosen so early in a source: module level is no hardware.
                return text[:len(self.text[:at].decode())] + IMPORT + text[len(self.text[:at].decode()):]
        return text

    def _hosts(self, tree) -> list[Host]:
        """Every place inside functions, the outer ones first."""
        found = []
        beside = {id(statement) for node in ast.walk(tree) if isinstance(node, ast.With)
                  and "m.FSM(" in ast.unparse(node.items[0]) for statement in _directly(node)}
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef):
                for statement in function.body:
                    found += [Host(*self.places.of(node), node) for node in ast.walk(statement)
                              if _chooses(node) and id(node) not in beside]
        return sorted({(host.start, host.end): host for host in found}.values(),
                      key=lambda host: (host.start, -host.end))

    def _host(self, mutant: Mutant) -> Host | None:
        start, end = mutant.start, mutant.start + len(mutant.before.encode())
        around = [host for host in self.hosts if host.start <= start and end <= host.end]
        if not around:
            return None
        if mutant.kind in ("assignment", "element"):
            exact = [host for host in around if isinstance(host.node, ast.AugAssign)
                     and (start, end) in ((host.start, host.end), self.places.of(host.node.value))]
            return exact[-1] if exact else None
        inner = around[-1]
        return inner if not isinstance(inner.node, ast.AugAssign) else None

    def _render(self, start: int, end: int, hosts: list[Host]) -> str:
        """The text from `start` to `end`, where `hosts` are those inside."""
        out, at = "", start
        while hosts:
            host, *hosts = hosts
            inner = [each for each in hosts if each.end <= host.end]
            hosts = hosts[len(inner):]
            out += self.text[at:host.start].decode() + self._choice(host, inner)
            at = host.end
        return out + self.text[at:end].decode()

    def _choice(self, host: Host, inner: list[Host]) -> str:
        if isinstance(host.node, ast.AugAssign):
            return self._assignments(host, inner)
        afters = "".join(f"{number}: lambda: ({self._changed(host, mutant)}), "
                         for number, mutant in host.mutants.items())
        return f"_either(lambda: ({self._render(host.start, host.end, inner)}), {{{afters}}})"

    def _changed(self, host: Host, mutant: Mutant) -> str:
        piece, offset = self.text[host.start:host.end], mutant.start - host.start
        return (piece[:offset] + mutant.after.encode() + piece[offset + len(mutant.before.encode()):]).decode()

    def _assignments(self, host: Host, inner: list[Host]) -> str:
        """Each assignment in a statement of its own, below a condition where a mutant leaves it out."""
        statement: ast.AugAssign = host.node  # pyright: ignore[reportAssignmentType]
        target = ast.unparse(statement.target)
        module = target.split(".")[0]
        values = statement.value.elts if isinstance(statement.value, ast.List) else [statement.value]
        indent = " " * statement.col_offset
        rows = []
        for value in values:
            start, end = self.places.of(value)
            text = self._render(start, end, [each for each in inner if start <= each.start and each.end <= end])
            line = f"{target} += [{text}]"
            for number, mutant in host.mutants.items():
                if mutant.kind == "assignment" or mutant.line == value.lineno and self._lacks(mutant, value):
                    line = f"with {module}.If(~_leaves_out({number})): {line}"
                    break
            rows.append(line)
        return f"\n{indent}".join(rows)

    def _lacks(self, mutant: Mutant, value: ast.expr) -> bool:
        """Whether `mutant` leaves out this element of its list."""
        start, end = self.places.of(value)
        return self.text[start:end].decode() not in mutant.after


def _directly(node: ast.AST) -> Iterator[ast.AST]:
    """What is below a statement, but not inside another `with`: below that of an FSM, there may be no m.If."""
    for each in ast.iter_child_nodes(node):
        if not isinstance(each, ast.With):
            yield each
            yield from _directly(each)


def _chooses(node: ast.AST) -> bool:
    """Whether there can be a choice between `node` and what a mutant makes of it."""
    if isinstance(node, ast.AugAssign):
        return isinstance(node.op, ast.Add) and ast.unparse(node.target).startswith("m.d.")
    if isinstance(node, ast.BinOp):
        fits = isinstance(node.op, OPERATORS)
    elif isinstance(node, ast.UnaryOp):
        fits = isinstance(node.op, ast.Invert)
    elif isinstance(node, ast.Call):
        fits = getattr(node.func, "id", getattr(node.func, "attr", "")) in CALLS
    else:
        fits = isinstance(node, ast.Compare) or isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load)
    return fits and not any(isinstance(each, ast.NamedExpr) or isinstance(each, ast.Name) and each.id in ONCE
                            for each in ast.walk(node))
