"""Coverage as a page: a table for each cross, with a cell for each bin. It needs nothing but itself."""

from html import escape

from .crosses import Cross, count
from .standing import Standing

STYLE = """
body { font: 14px/1.4 system-ui, sans-serif; margin: 2em auto; max-width: 110em; padding: 0 1em; color: #222 }
h2 { margin-top: 2em } table { border-collapse: collapse } nav a { margin-right: 1em }
th { font-weight: normal; text-align: left; padding: 0 .5em; white-space: nowrap; background: #fff }
thead { position: sticky; top: 0 } thead th { text-align: center; border-left: 1px solid #ccc; font-size: 12px }
td { width: 1.4em; height: 1.4em; text-align: center; border: 1px solid #fff; font-size: 10px; color: #999 }
td.m { background: #9c9 } td.h { background: #d33 } td.u { background: #eee } td.s { background: #f0f }
summary { cursor: pointer }
"""


def page(standing: Standing) -> str:
    """The whole page."""
    crosses = standing.crosses.values()
    met, reachable = len(standing.first), count(standing.crosses)
    links = "".join(f'<a href="#{escape(each.name)}">{escape(each.name)} {standing.met(each.name)} of '
                    f"{len(each.reachable)}</a>" for each in crosses)
    return (f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Coverage</title><style>{STYLE}</style>'
            f"<h1>Coverage</h1><p>{met} of {reachable} bins, {met / reachable:.1%}, by {standing.runs} runs. "
            "Green: met; red: a hole; grey: cannot be met, its number says why; violet: met nevertheless.</p>"
            f"<nav>{links}</nav>{''.join(_cross(standing, each) for each in crosses)}</html>\n")


def _cross(standing: Standing, cross: Cross) -> str:
    rows, columns = {}, {}
    for words in cross.bins:
        down, across = apart(cross, words)
        rows.setdefault(down, {})[across] = words
        columns[across] = None
    reasons: dict[str, int] = {}
    body = ""
    for down, cells in rows.items():
        if any(not cross.bins[words] or (cross.name, words) in standing.surprises for words in cells.values()):
            names = "".join(f"<th>{escape(word)}</th>" for word in down)
            body += f"<tr>{names}{''.join(_cell(standing, cross, cells[each], reasons) for each in columns)}</tr>"
    head = "".join(f"<th>{'<br>'.join(map(escape, each))}</th>" for each in columns)
    first = "".join(f"<th>{escape(name)}</th>" for name in apart(cross, cross.columns)[0])
    why = "".join(f"<li>{escape(reason)}</li>" for reason in reasons)
    return (f'<h2 id="{escape(cross.name)}">{escape(cross.name)}</h2><p>A bin: {escape(cross.says)}. '
            f"{standing.met(cross.name)} of {len(cross.reachable)} are met; {len(cross.bins) - len(cross.reachable)} "
            f"cannot be; rows of which none can be are left out.</p><details><summary>why not</summary><ol>{why}</ol>"
            f"</details><table><thead><tr>{first}{head}</tr></thead><tbody>{body}</tbody></table>")


def apart(cross: Cross, words: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words that name a row, and those that name a column: of three words the mode and the last one."""
    return ((words[1 - cross.columns.index("mode")],), (words[cross.columns.index("mode")], words[2])) \
        if len(words) == 3 else (words[:-2], words[-2:])


def _cell(standing: Standing, cross: Cross, words: tuple[str, ...], reasons: dict[str, int]) -> str:
    each = cross.name, words
    if source := standing.surprises.get(each):
        return f'<td class="s" title="{escape(source)}">!</td>'
    if reason := cross.bins[words]:
        return f'<td class="u">{reasons.setdefault(reason, len(reasons) + 1)}</td>'
    if source := standing.first.get(each):
        return f'<td class="m" title="{escape(source)}, {standing.counts[each]} runs"></td>'
    return '<td class="h" title="a hole"></td>'
