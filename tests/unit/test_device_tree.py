from dataclasses import replace

import fdt
import pytest

from hyacinth.rtl.config import FULL, NO_H, SMALL, VIRT
from hyacinth.rtl.device_tree import device_tree, place

MIB = 1 << 20


def tree(config=FULL, memory_size=64 * MIB, **arguments):
    return fdt.parse_dtb(device_tree(config, memory_size, **arguments))


def words(tree, path, name):
    return list(tree.get_property(name, path).data)


def test_it_is_a_device_tree_of_version_17():
    blob = device_tree(FULL, 64 * MIB)
    assert int.from_bytes(blob[:4], "big") == 0xd00d_feed
    assert int.from_bytes(blob[4:8], "big") == len(blob)
    assert int.from_bytes(blob[20:24], "big") == 17


def test_memory_is_as_large_as_was_asked():
    assert words(tree(memory_size=2 << 30), "/memory@80000000", "reg") == [0, 0x8000_0000, 0, 0x8000_0000]


PLAIN = ("zic64b", "zicbop", "ziccamoa_ziccamoc_ziccif_zicclsm_ziccrse", "za64rs", "zkt",
         "zicntr_zicsr_zifencei_zihintntl_zihintpause_zihpm", "sstc",
         "ssccptr_sscounterenw_sstvala_sstvecd_ssu64xl_svade_svbare_svvptc",
         "smstateen_ssstateen")
HYPERVISOR = "shcounterenw_shgatpa_shvsatpa_shvstvala_shvstvecd"


@pytest.mark.parametrize("config, letters, has, lacks", (
    (FULL, "imach", (*PLAIN, HYPERVISOR, "shtvala_sha"), ""), (NO_H, "imac", PLAIN, f"{HYPERVISOR}_shtvala_sha_h"),
    (SMALL, "imach", ("sstc", "shtvala"), "sha_smstateen_ssstateen"),
    (FULL.without("sstc", "smstateen"), "imach", (HYPERVISOR, "shtvala"), "sstc_smstateen_ssstateen_sha"),
    (replace(FULL, misaligned="trap", htinst="zero"), "imach", (HYPERVISOR, "ssstateen"), "zicclsm_shtvala_sha"),
), ids=("full", "no H", "small", "less", "other choices"))
def test_the_isa_is_that_of_the_configuration_in_both_spellings(config, letters, has, lacks):
    made = tree(config)
    first, *others = made.get_property("riscv,isa", "/cpus/cpu@0").value.removeprefix("rv64").split("_")
    assert first == letters and others == sorted(others, key=place)
    assert set(others) >= set("_".join(has).split("_")) and not set(others) & set(lacks.split("_"))
    assert made.get_property("riscv,isa-extensions", "/cpus/cpu@0").data == [*first, *others]
    assert made.get_property("riscv,isa-base", "/cpus/cpu@0").value == "rv64i"


def test_the_size_of_a_cache_block_is_told_to_who_works_on_them():
    for config, names in ((FULL, {"cbom", "cbop", "cboz"}), (FULL.without("zicbom", "zicboz"), {"cbop"})):
        cpu = tree(config).get_node("/cpus/cpu@0")
        assert {each.name: each.data for each in cpu.props if each.name.startswith("riscv,cb")} == {
            f"riscv,{name}-block-size": [64] for name in names}


@pytest.mark.rule("zic64b_cache_block_size", "CACHE_BLOCK_SIZE")
def test_both_caches_have_lines_of_64_bytes():
    for side in "id":
        assert words(tree(), "/cpus/cpu@0", f"{side}-cache-block-size") == [64]


@pytest.mark.parametrize("config, scheme", ((FULL, "riscv,sv57"), (SMALL, "riscv,sv39")))
def test_the_mmu_is_that_of_the_configuration(config, scheme):
    assert tree(config).get_property("mmu-type", "/cpus/cpu@0").value == scheme


@pytest.mark.rule("MTIME_TICK_PERIOD")
def test_time_runs_at_the_clock_over_the_divider():
    assert words(tree(clock=25_000_000, divider=25), "/cpus", "timebase-frequency") == [1_000_000]


@pytest.mark.parametrize("path, region", (
    ("/soc/serial@10000000", "uart"), ("/soc/plic@c000000", "plic"), ("/soc/clint@2000000", "clint"),
    ("/soc/test@100000", "finisher"), ("/soc/interrupts@110000", "interrupts")))
def test_devices_lie_where_the_memory_map_has_them(path, region):
    where, = (r for r in VIRT if r.name == region)
    assert words(tree(), path, "reg") == [0, where.base, 0, where.size]


def test_interrupts_are_wired_as_the_machine_has_them():
    made = tree()
    hart, = words(made, "/cpus/cpu@0/interrupt-controller", "phandle")
    plic, = words(made, "/soc/plic@c000000", "phandle")
    assert words(made, "/soc/clint@2000000", "interrupts-extended") == [hart, 3, hart, 7]
    assert words(made, "/soc/plic@c000000", "interrupts-extended") == [hart, 11, hart, 9]
    assert words(made, "/soc/plic@c000000", "riscv,ndev") == [31]
    assert words(made, "/soc/serial@10000000", "interrupt-parent") == [plic]
    assert words(made, "/soc/serial@10000000", "interrupts") == [10]


def test_the_console_is_the_uart():
    path = tree().get_property("stdout-path", "/chosen").value
    assert tree().get_property("compatible", path).value == "ns16550a"


def test_poweroff_and_reboot_write_to_the_finisher():
    made = tree()
    finisher, = words(made, "/soc/test@100000", "phandle")
    for name, value in (("poweroff", 0x5555), ("reboot", 0x7777)):
        assert words(made, f"/{name}", "regmap") == [finisher]
        assert words(made, f"/{name}", "value") == [value]


def test_bootargs_and_initrd_are_passed_on():
    made = tree(bootargs="console=ttyS0 earlycon", initrd=(0x8200_0000, 0x8210_0000))
    assert made.get_property("bootargs", "/chosen").value == "console=ttyS0 earlycon"
    assert words(made, "/chosen", "linux,initrd-start") == [0, 0x8200_0000]
    assert words(made, "/chosen", "linux,initrd-end") == [0, 0x8210_0000]


def test_without_them_there_are_none():
    assert not tree().exist_property("bootargs", "/chosen")
    assert not tree().exist_property("linux,initrd-start", "/chosen")


@pytest.mark.parametrize("size", (0, 4097, (2 << 30) + 4096))
def test_a_memory_size_that_cannot_be_is_refused(size):
    with pytest.raises(ValueError, match=f"memory size is {size:#x}; it must be a multiple of 4096 up to 0x80000000"):
        device_tree(FULL, size)


def test_an_initrd_outside_of_memory_is_refused():
    with pytest.raises(ValueError, match="initrd is 0x7fff0000 to 0x80010000; it must lie in RAM"):
        device_tree(FULL, 64 * MIB, initrd=(0x7fff_0000, 0x8001_0000))


def test_a_tree_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="its region 32768; shorten the bootargs"):
        device_tree(FULL, 64 * MIB, bootargs="x" * 33_000)


def test_bootargs_may_be_empty():
    tree = fdt.parse_dtb(device_tree(FULL, 64 << 20, ""))
    assert bytes(tree.get_node("chosen").get_property("bootargs").data) == b"\0"
