"""Each proof is printed with what it supposes."""

from prover import RESULTS


def pytest_terminal_summary(terminalreporter):
    if RESULTS:
        terminalreporter.section("proven")
    for claim, extent, suppositions in RESULTS:
        terminalreporter.write_line(f"{claim} ({extent})")
        for text in suppositions or ("nothing",):
            terminalreporter.write_line(f"    supposing {text}")
