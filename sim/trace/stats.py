"""What a run cost: counts of events, traps by cause and target, as data for JSON and as a table."""

from collections import Counter

from .names import cause_name, cause_word, mode_name

STALLS = {"stall_empty": "nothing_to_commit", "stall_memory": "memory", "stall_divide": "divider",
          "stall_system": "system", "wait_operand": "operand"}
PARTS = {"stall_translation": "memory_translation", "stall_line": "memory_line", "stall_device": "memory_device",
         "stall_wfi": "system_wfi", "fetch_translation": "fetch_translation", "fetch_line": "fetch_line"}
"""Parts of those, and what fetch waits for, which need not hold up commit."""
TLB = ("itlb_miss", "dtlb_miss", "second_level_hit", "walk", "walk_s", "walk_vs", "walk_g", "table_read",
       "table_read_vs", "table_read_g", "walk_cache_hit")
CACHE = ("icache_miss", "dcache_miss")
FLOW = ("flushed", "mispredicted", "vm_exit", "vm_entry")


class TrapCounter:
    """Counts traps by (interrupt, code, mode, mode_after)."""
    def __init__(self):
        self.counts: Counter[tuple[int, int, int, int]] = Counter()

    def take(self, records) -> None:
        """Count the traps among `records`."""
        for record in records:
            if record.trapped:
                self.counts[record.interrupt, record.code, record.mode, record.mode_after] += 1

    def as_data(self) -> list[dict]:
        """A row for each kind, the most frequent first."""
        return [{"cause": cause_word(interrupt, code), "interrupt": bool(interrupt), "code": code,
                 "from": mode_name(mode), "to": mode_name(after), "count": count}
                for (interrupt, code, mode, after), count in self.counts.most_common()]


def statistics(events: dict[str, int], traps: TrapCounter, *, cycles: int, wall_seconds: float, **about) -> dict:
    """A run as data.

    Parameters
    ----------
    events : dict
        Cycles in which each event of rtl/events.py was seen.
    traps : TrapCounter
    cycles : int
    wall_seconds : float
    about
        What else names the run: program, core, engine, the cycle at which it began.
    """
    retired = events.get("retired", 0)

    def some(names):
        return {name: events[name] for name in names if name in events}

    return {
        **about, "cycles": cycles, "instructions_retired": retired, "wall_seconds": round(wall_seconds, 6),
        "cycles_per_second": round(cycles / wall_seconds) if wall_seconds else None,
        "cycles_per_instruction": round(cycles / retired, 4) if retired else None,
        "stall_cycles": {name: events[event] for event, name in (STALLS | PARTS).items() if event in events},
        "flow": some(FLOW), "tlb": some(TLB), "cache": some(CACHE),
        "traps": traps.as_data(), "traps_taken": events.get("trapped", 0),
        "interrupts_taken": events.get("interrupted", 0)}


class ExitCounter:
    """VM exits: from a trap of a guest (V=1) into HS or M until the hart is back in a guest, by cause.

    The cycles are those between the record of the trap and that of the xRET that goes back.
    """
    def __init__(self):
        self.cycles: dict[tuple[int, int], list[int]] = {}
        self._since: tuple[int, tuple[int, int]] | None = None

    def take(self, records) -> None:
        """Follow `records`, in order."""
        for record in records:
            if record.mode & 4 == record.mode_after & 4:
                continue
            if record.trapped:
                self._since = record.cycle, (record.interrupt, record.code)
            elif self._since:
                begun, cause = self._since
                self.cycles.setdefault(cause, []).append(record.cycle - begun)
                self._since = None

    def rows(self) -> list[tuple[str, int, int, float, int, int]]:
        """Cause, count, cycles in all, on average, least, most; the costliest first."""
        rows = [(cause_name(*cause), len(each), sum(each), sum(each) / len(each), min(each), max(each))
                for cause, each in self.cycles.items()]
        return sorted(rows, key=lambda row: -row[2])
