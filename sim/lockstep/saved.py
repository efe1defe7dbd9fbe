"""The shortest program that shows a difference, saved as a test: assembler text, and the same as an ELF file."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from ...rtl.config import CoreConfig
from ..trace.log import line
from .form import Form
from .listing import listing
from .random_programs import Parts
from .self_check import SelfCheck, Unspeakable, Verdict
from .shrink import Seen, Shrinker

MEANINGS = {
    Verdict.UNREACHED: "the instruction, or what follows it for Spike, is never reached",
    Verdict.WRONG: "that value is another one",
    Verdict.ELSEWHERE: "the instruction goes elsewhere: to a trap, from one, or to other code",
}


@dataclass(frozen=True)
class Saved:
    """What became of a difference.

    Parameters
    ----------
    seen : Seen
        What the shortest program shows.
    before, after : int
        Its instructions, before and after the reduction, without what makes it a test.
    tried : int
        Programs that were run.
    why_not : str
        Why the program does not check itself; empty where it does.
    """
    seen: Seen
    before: int
    after: int
    tried: int
    why_not: str


def save(parts: Parts, config: CoreConfig, found_by: str, path: Path, latency: int, disturbed: int | None = None,
         progress: Callable[[str, int], None] = lambda step, tried: None) -> Saved | None:
    """Reduce the program of `parts` and write what is left to `path` (.S) and, with the ending .elf, beside it.

    `found_by` says in the text where it comes from. None, and no file, where core and Spike do not differ.
    """
    shrinker = Shrinker(parts, config, latency, disturbed, progress)
    if shrinker.seen is None:
        return None
    before = shrinker.form.instructions()
    shrinker.run()
    # The shortest of all may live on what a check changes: handlers with half of their instructions do.
    for shortest, seen in reversed(shrinker.stages):
        form, why_not = checking_itself(shrinker, shortest, seen)
        if not why_not:
            break
    else:
        shortest, seen = shrinker.stages[-1]
        form, why_not = checking_itself(shrinker, shortest, seen)
    path.write_text(listing(form, _about(seen, found_by, path, why_not)), encoding="utf-8")
    path.with_suffix(".elf").write_bytes(form.program().elf())
    return Saved(seen, before, shortest.instructions(), shrinker.tried, why_not)


def checking_itself(shrinker: Shrinker, form: Form, shown: Seen) -> tuple[Form, str]:
    """A program as a test that the core fails and Spike passes; or as it is, and why it is no test."""
    try:
        test = SelfCheck(form, shown, shrinker.config).make()
    except Unspeakable as problem:
        return form, str(problem)
    seen = shrinker.observe(test)
    if seen is None or seen.group != shown.group:
        return form, "with a check in it, it does not show the difference"
    if seen.exit_code == 0 or seen.spike_exit_code != 0:
        return form, "a check at its end does not tell the core from Spike"
    return test, ""


def _about(seen: Seen, found_by: str, path: Path, why_not: str) -> list[str]:
    difference = seen.difference
    subject, core, spike = str(difference).splitlines()[:3]
    run = f"hyacinth run {'' if not why_not else '--check '}{path.stem}.elf"
    check = [f"It does not check itself: {why_not}. {run}"] if why_not else [
        "It exits with 0 where the core does what Spike does, else with",
        *(f"  {number + 1}  where {what}" for number, what in MEANINGS.items()), run]
    return [f"A difference between core and Spike: {seen.group}.", "", f"Found by {found_by}, and reduced.", "",
            subject.partition(": ")[2], core, spike, line(SimpleNamespace(**difference.record)), "", *check]
