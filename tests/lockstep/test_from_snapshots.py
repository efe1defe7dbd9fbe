"""The comparison with Spike begins in the midst of a run, wherever the machine was saved."""

from random import Random

import pytest

pytest.importorskip("riscv")

from hyacinth.sim import snapshot
from hyacinth.sim.cli import main
from hyacinth.sim.lockstep.referee import Difference, Referee
from hyacinth.sim.lockstep.start import state_of
from hyacinth.sim.machine import Machine
from hyacinth.sw.build import build
from hyacinth.sw.hypervisor.build import build_demo

MEMORY = 16 << 20


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The demonstration hypervisor, saved at points in all its modes: of each, the mode and the file."""
    random, folder, found = Random(11), tmp_path_factory.mktemp("saved"), {}
    with Machine(memory=MEMORY) as machine:
        machine.load(build_demo(folder))
        machine.raw_watchers.append(lambda batch: None)
        while machine.run(random.randrange(20_000, 90_000)).exit_code is None and machine.cycle < 1_400_000:
            path = folder / str(machine.cycle)
            snapshot.save(machine, path)
            found.setdefault(machine.last_record.mode_after, []).append(path)
    return found


def test_the_demonstration_agrees_with_spike_from_wherever_it_was_saved(saved, capfd):
    assert {1, 4, 5} <= set(saved)          # HS, VU, VS
    for paths in saved.values():
        for path in paths[:2]:
            assert main(["run", "--resume", str(path), "--check", "--max-cycles", "200000"]) == 3
            assert "differ" not in capfd.readouterr().err


@pytest.mark.parametrize("what", ("registers", "csrs"))
def test_another_state_than_the_cores_is_a_difference(saved, what):
    with snapshot.resume(saved[5][0]) as machine:
        state = state_of(machine)
        if what == "registers":
            vars(state)["registers"] = tuple(value ^ 1 << 12 for value in state.registers)
        else:
            state.csrs[0x602] ^= 1 << 8     # hedeleg: what the guest may have itself
            state.csrs[0x603] ^= 1 << 6     # hideleg
        with Referee(machine.config, state.segments, MEMORY, rom=machine.boot_rom, device_tree=machine.device_tree,
                     state=state) as referee:
            machine.raw_watchers.append(referee.check)
            with pytest.raises(Difference):
                machine.run(400_000)
                referee.finish()


def test_an_sc_whose_lr_came_before_the_snapshot_agrees(tmp_path, capfd):
    source = tmp_path / "pair.c"
    source.write_text('''#include "hyacinth.h"
static uint64_t word;
int main(void)
{
    uint64_t failed, got;
    asm volatile("lr.d %0, (%2)\\n.globl between\\nbetween: addi %0, %0, 1\\nnop\\nsc.d %1, %0, (%2)"
                 : "=&r"(got), "=&r"(failed) : "r"(&word) : "memory");
    CHECK_EQ("the SC succeeds", failed, 0);
    return 0;
}
''')
    path = tmp_path / "between"
    assert main(["run", str(build(source)), "--save-at", "symbol:between", str(path)]) == 0
    assert main(["run", "--resume", str(path), "--check"]) == 0, capfd.readouterr().err


def test_locked_rules_of_pmp_that_could_not_be_made_any_more_agree(tmp_path, capfd):
    source = tmp_path / "locked.c"
    source.write_text('''#include "pmp.h"
extern char data_start[];
int main(void)
{
    csr_write(pmpaddr12, RAM >> 2);
    csr_write(pmpaddr13, (uint64_t)data_start >> 2);
    csr_write(pmpaddr15, ~0UL);
    csr_write(mseccfg, MSECCFG_RLB);
    csr_write(pmpcfg2, (uint64_t)(PMP_L | PMP_TOR | PMP_R | PMP_X) << 40);
    csr_write(pmpcfg0, 0);
    csr_write(mseccfg, MSECCFG_RLB | MSECCFG_MML);
    csr_write(pmpcfg2, (uint64_t)(PMP_L | PMP_TOR | PMP_W | PMP_X) << 40 | (uint64_t)(PMP_NAPOT | PMP_W | PMP_X) << 56);
    csr_write(mseccfg, 0);
    asm volatile(".globl between\\nbetween: nop\\nnop\\nnop");
    CHECK_EQ("MML alone", csr_read(mseccfg), MSECCFG_MML);
    return 0;
}
''')
    path = tmp_path / "between"
    assert main(["run", str(build(source)), "--save-at", "symbol:between", str(path)]) == 0
    assert main(["run", "--resume", str(path), "--check"]) == 0, capfd.readouterr().err
