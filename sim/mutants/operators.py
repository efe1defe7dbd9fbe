"""The changes that make mutants, each found by a walk over the syntax tree of a source (Python's `ast`).

What would be no mistake of a designer, or none that a test could see, is not changed: docstrings, the texts of errors,
widths of Signals and ports, names, defaults of the configuration's fields.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Mutant:
    """One change: `before`, which stands at `start` (bytes from the file's beginning), becomes `after`."""
    path: str
    line: int
    start: int
    before: str
    after: str
    kind: str
    left: str = ""   # of it, on its first line
    right: str = ""  # of it, on its last line

    @property
    def shown(self) -> str:
        """The lines, with the change in double brackets."""
        return " ".join(f"{self.left}[[{self.before} -> {self.after}]]{self.right}".split())

    @property
    def key(self) -> str:
        """What stays the same while other lines of the file change."""
        return f"{self.path}: {self.shown}"

    def applied(self, source: bytes) -> bytes:
        """The text of the file with the change."""
        return source[:self.start] + self.after.encode() + source[self.start + len(self.before.encode()):]


COMPARE = {ast.Eq: ("==", "!="), ast.NotEq: ("!=", "=="), ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"),
           ast.Gt: (">", ">="), ast.GtE: (">=", ">"), ast.In: ("in", "not in"), ast.NotIn: ("not in", "in"),
           ast.Is: ("is", "is not"), ast.IsNot: ("is not", "is")}
BINARY = {ast.BitAnd: ("&", "|"), ast.BitOr: ("|", "&"), ast.BitXor: ("^", "|"), ast.Add: ("+", "-"),
          ast.Sub: ("-", "+")}
PLAIN = ast.Constant | ast.List | ast.Tuple | ast.JoinedStr
"""Operands of sums of plain numbers, lists or texts: to change those breaks the source, not the design."""
METHODS = {"any": "all", "all": "any"}
SHAPES = {"Signal", "In", "Out", "unsigned", "signed", "ArrayLayout", "StructLayout", "Const", "range", "ValueError",
          "KeyError", "TypeError", "replicate"}
"""Calls whose arguments are widths, numbers of repetitions or texts."""

FACTS = {"needs", "locked_by", "legal", "becomes", "zeros", "home", "hypervisor", "guard", "void", "twin", "kind",
         "reset", "shift", "storage", "extension"}
"""What a row of the tables in rtl/isa can say, and might have forgotten."""


def mutants(path: Path, root: Path, members: dict[str, list[str]]) -> Iterator[Mutant]:
    """Every mutant of the source at `path`, in the order of its text. `members` are those of each enumeration."""
    text = path.read_bytes()
    yield from Walk(path.relative_to(root).as_posix(), text, members).found


def enumerations(paths) -> dict[str, list[str]]:
    """The members of each enumeration that the sources define, by the name of its class."""
    found = {}
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and any("Enum" in ast.unparse(base) for base in node.bases):
                names = [target.id for each in node.body if isinstance(each, ast.Assign)
                         for target in each.targets if isinstance(target, ast.Name)]
                if len(names) > 1:
                    found[node.name] = names
    return found


class Places:
    """Where the nodes of a syntax tree stand in its text. `lines` are the first bytes of its lines."""
    def __init__(self, text: bytes):
        # ast counts columns in bytes of UTF-8, as lines of `text` have them.
        self.lines = [0]
        for line in text.splitlines(keepends=True):
            self.lines.append(self.lines[-1] + len(line))

    def of(self, node) -> tuple[int, int]:
        """First byte of `node`, and the one after its last."""
        return self.lines[node.lineno - 1] + node.col_offset, self.lines[node.end_lineno - 1] + node.end_col_offset


class Walk(ast.NodeVisitor):
    """Collects in `found` the mutants of one source."""
    def __init__(self, path: str, text: bytes, members: dict[str, list[str]]):
        self.path, self.text, self.members = path, text, members
        self.found: list[Mutant] = []
        self.places = Places(text)
        self.visit(ast.parse(text))
        self.found.sort(key=lambda each: each.start)

    def place(self, node) -> tuple[int, int]:
        """First byte of `node`, and the one after its last."""
        return self.places.of(node)

    def source(self, node) -> str:
        """The text of `node`."""
        start, end = self.place(node)
        return self.text[start:end].decode()

    def add(self, node, after: str, kind: str) -> None:
        """`node` becomes `after`."""
        self.take(node.lineno, *self.place(node), after, kind)

    def take(self, line: int, start: int, end: int, after: str, kind: str) -> None:
        """What stands from `start` to `end` becomes `after`."""
        left = self.text[self.text.rfind(b"\n", 0, start) + 1:start]
        right = self.text[end:self.text.find(b"\n", end)]
        self.found.append(Mutant(self.path, line, start, self.text[start:end].decode(), after, kind, left.decode(),
                                 right.decode()))

    def between(self, left, right, old: str, new: str, kind: str) -> None:
        """The operator `old` between two nodes becomes `new`; the mutant shows both nodes."""
        start, end = self.place(left)[0], self.place(right)[1]
        after_left, before_right = self.place(left)[1], self.place(right)[0]
        gap = self.text[after_left:before_right].decode()
        if gap.count(old) != 1:
            return
        after = self.text[start:after_left].decode() + gap.replace(old, new) + self.text[before_right:end].decode()
        self.take(left.end_lineno, start, end, after, kind)

    def visit_Compare(self, node):
        for left, op, right in zip([node.left, *node.comparators], node.ops, node.comparators, strict=False):
            self.between(left, right, *COMPARE[type(op)], "comparison")
        self.generic_visit(node)

    def visit_BinOp(self, node):
        if type(node.op) in BINARY and not any(isinstance(side, PLAIN) for side in (node.left, node.right)):
            self.between(node.left, node.right, *BINARY[type(node.op)], "operator")
        self.generic_visit(node)

    def visit_BoolOp(self, node):
        old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in zip(node.values, node.values[1:], strict=False):
            self.between(left, right, old, new, "operator")
        self.generic_visit(node)

    def visit_UnaryOp(self, node):
        if isinstance(node.op, ast.Invert | ast.Not):
            self.add(node, self.source(node.operand), "negation")
        self.generic_visit(node)

    def visit_Constant(self, node):
        if isinstance(node.value, bool):
            self.add(node, str(not node.value), "constant")
        elif isinstance(node.value, int):
            self.add(node, "1" if node.value == 0 else "0" if node.value == 1 else str(node.value + 1), "constant")

    def visit_Attribute(self, node):
        owner = self.source(node.value)
        names = self.members.get(owner, [])
        if node.attr in names:
            self.add(node, f"{owner}.{names[(names.index(node.attr) + 1) % len(names)]}", "member")
        self.generic_visit(node)

    def visit_Call(self, node):
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name == "Mux" and len(node.args) == 3:
            condition, yes, no = map(self.source, node.args)
            self.add(node, f"Mux({condition}, {no}, {yes})", "choice")
        if name in METHODS and not node.args and isinstance(node.func, ast.Attribute):
            whole = self.source(node)  # the receiver's own parentheses are part of it
            self.add(node, f"{whole[:whole.rindex(name)]}{METHODS[name]}()", "reduction")
        if self.path.startswith("rtl/isa/"):
            for keyword in node.keywords:
                if keyword.arg in FACTS:
                    self.without(node, keyword)
        if name in SHAPES:
            self.visit(node.func)
            for part in (*node.args, *(keyword.value for keyword in node.keywords)):
                if not isinstance(part, ast.Constant):
                    self.visit(part)
        else:
            self.generic_visit(node)

    def without(self, call, keyword) -> None:
        """A call that does not say `keyword`."""
        parts = [*map(self.source, call.args),
                 *(self.source(each) for each in call.keywords if each is not keyword)]
        self.add(call, f"{self.source(call.func)}({', '.join(parts)})", "keyword")

    def elements(self, node, opening: str, closing: str) -> None:
        """A tuple, list or set that lacks one of its elements: a table's row, a cause, one of several writes."""
        own = [each for each in node.elts if not isinstance(each, ast.Constant)]
        if len(node.elts) > 1 and own and isinstance(node.ctx if hasattr(node, "ctx") else ast.Load(), ast.Load):
            for left in own:
                rest = [self.source(each) for each in node.elts if each is not left]
                comma = "," if opening == "(" and len(rest) == 1 else ""
                self.take(left.lineno, *self.place(node), f"{opening}{', '.join(rest)}{comma}{closing}", "element")
        self.generic_visit(node)

    def visit_Tuple(self, node):
        # Only one in parentheses is a table; others are pairs that are unpacked.
        if self.text[self.place(node)[0]:][:1] == b"(" and self.path.startswith("rtl/isa/"):
            self.elements(node, "(", ")")
        else:
            self.generic_visit(node)

    def visit_List(self, node):
        self.elements(node, "[", "]")

    def visit_Set(self, node):
        self.elements(node, "{", "}")

    def visit_AugAssign(self, node):
        # m.d.comb += x.eq(y), or a list, whose elements are left out one by one.
        if isinstance(node.target, ast.Attribute) and self.source(node.target).startswith("m.d.") \
                and not isinstance(node.value, ast.List):
            self.add(node, "pass", "assignment")
        self.generic_visit(node.value if isinstance(node.value, ast.Call) else node)

    def visit_Expr(self, node):
        if not isinstance(node.value, ast.Constant):  # a docstring
            self.generic_visit(node)

    def visit_JoinedStr(self, node):
        pass

    def visit_Raise(self, node):
        pass

    def visit_arguments(self, node):
        pass

    def visit_AnnAssign(self, node):
        if node.value is not None and not isinstance(node.value, ast.Constant):
            self.visit(node.value)

    def visit_ClassDef(self, node):
        for each in node.body:
            self.visit(each)
