"""What can be chosen about a core, and how that is said on a command line."""

from dataclasses import replace

import pytest

from hyacinth.rtl.config import CONFIGS, EVERY, FULL, SMALL, VIRT, CoreConfig, name_of, named
from hyacinth.rtl.isa.extensions import EXTENSIONS, OPTIONAL


def test_a_full_core_has_every_extension_that_its_row_does_not_keep_out():
    assert set(FULL.extensions) == {each.name for each in EXTENSIONS if each.in_full}


def test_extensions_are_kept_in_one_order_without_repetition():
    assert CoreConfig(extensions=("sstc", "sstc")) == CoreConfig(extensions=("sstc",))
    assert CoreConfig(extensions=tuple(reversed(FULL.extensions))) == FULL


def test_an_extension_that_does_not_exist_is_refused_with_those_that_do():
    with pytest.raises(ValueError, match=r"CoreConfig.extensions: 'zfoo' is not an extension .*sstc"):
        CoreConfig(extensions=("zfoo",))
    with pytest.raises(KeyError):
        FULL.has("zfoo")


@pytest.mark.parametrize("name", sorted(OPTIONAL))
def test_every_extension_can_be_taken_away_by_name(name):
    left = EVERY.without(name)
    assert not left.has(name) and named(name_of(left)) == left
    assert named(f"full-{name}") == FULL.without(name)


@pytest.mark.parametrize("name, config", CONFIGS.items())
def test_a_named_core_has_its_name(name, config):
    assert named(name) == config and name_of(config) == name


def test_extensions_are_added_by_name():
    assert named("small-sstc+sstc") == SMALL and not named("small-sstc").has("sstc")


@pytest.mark.parametrize("text, config", (
    ("full:htinst=zero", replace(FULL, htinst="zero")),
    ("full-sstc:tlb_entries=16:dcache_kib=4", replace(FULL.without("sstc"), tlb_entries=16, dcache_kib=4)),
    ("small:reset_pc=0x80000000", replace(SMALL, reset_pc=0x8000_0000))))
def test_other_fields_are_set_by_name(text, config):
    assert named(text) == config and named(name_of(config)) == config


def test_a_core_with_another_memory_map_has_no_name():
    assert name_of(replace(FULL, memory_map=VIRT[:-1] + (replace(VIRT[-1], name="memory"),))) == ""


@pytest.mark.parametrize("text, message", (
    ("full:colour=red", "it has no colour; fields are"),
    ("full:dcache_kib=5", "CoreConfig.dcache_kib is 5; it can be 4, 8, 16, 32"),
    ("full:dcache_kib=many", "is not a core"),
    ("full:memory_map=none", "it has no memory_map")))
def test_a_setting_that_cannot_be_is_refused_with_what_can(text, message):
    with pytest.raises(ValueError, match=message):
        named(text)


@pytest.mark.parametrize("text", ("", "big", "full-", "full sstc", "full-zfoo", "no", "fullsstc", "full-SSTC",
                                  "full:", "full:x", "full:a=1-sstc"))
def test_what_is_no_name_of_a_core_is_refused(text):
    with pytest.raises(ValueError, match="is not a core"):
        named(text)


def test_every_extension_that_can_be_taken_away_is_in_the_table():
    names = ("smcntrpmf smcsrind smdbltrp smepmp smmpm smnpm smstateen sscofpmf ssdbltrp ssnpm sstc svadu svinval "
             "svnapot svpbmt zba zbb zbs zcb zcmop zicond zimop zabha zacas zawrs zicbom zicboz").split()
    assert [each.name for each in EXTENSIONS] == names
    assert [name for name in names if not FULL.has(name)] == ["smdbltrp"]
    assert [name for name in names if SMALL.has(name)] == ["sstc"]
