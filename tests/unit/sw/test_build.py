import re
import sys

import pytest
from elftools.elf.elffile import ELFFile

from hyacinth.sw import build as build_module
from hyacinth.sw.build import SW, BuildError, build, cache_directory, main, programs


@pytest.fixture
def source(tmp_path):
    def write(text, name="program.c"):
        path = tmp_path / name
        path.write_text(text)
        return path
    return write


def test_a_program_starts_at_the_first_address_of_memory_and_has_a_page_for_tohost(source):
    with open(build(source('#include "hyacinth.h"\nint main(void) { return 0; }\n')), "rb") as file:
        elf = ELFFile(file)
        tohost = elf.get_section_by_name(".tohost")
        assert elf.header.e_entry == 0x8000_0000
        assert (tohost["sh_addr"] % 4096, tohost["sh_size"]) == (0, 4096)


def test_the_cache_may_be_named_by_a_tilde_or_from_where_the_user_stands(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    for named, meant in (("~/cache", "home/cache"), ("cache", "cache")):
        monkeypatch.setenv("HYACINTH_CACHE", named)
        assert cache_directory() == tmp_path / meant


def test_what_has_not_changed_is_not_built_again(source):
    path = source("int main(void) { return 3; }\n")
    first = build(path)
    made = first.stat().st_mtime_ns
    assert (build(path), first.stat().st_mtime_ns) == (first, made)


def test_a_change_of_an_included_source_makes_another_program(source):
    source("int main(void) { return 1; }\n", "part.c")
    whole = source('#include "part.c"\n')
    first = build(whole)
    source("int main(void) { return 2; }\n", "part.c")
    assert build(whole) != first


def test_a_define_makes_another_program(source):
    path = source("int main(void) { return VALUE; }\n")
    assert build(path, flags=["-DVALUE=1"]) != build(path, flags=["-DVALUE=2"])


def test_a_source_that_does_not_compile_is_refused_with_the_compilers_words(source):
    with pytest.raises(BuildError, match="undeclared"):
        build(source("int main(void) { return missing; }\n"))


def test_programs_are_chosen_by_a_part_of_their_name():
    assert {path.parent.name for path in programs()} == {"tests", "bench"}
    assert [path.stem for path in programs("crc")] == ["crc"]
    assert all(path.parent == SW / "tests" for path in programs(folders=("tests",)))


def test_a_word_that_no_name_holds_is_answered_in_one_line(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["build", "nonesuch"])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert re.fullmatch("hyacinth.sw.build: no program's name holds nonesuch; see .*\n", capsys.readouterr().err)


def test_the_cache_can_be_put_elsewhere(monkeypatch, tmp_path):
    monkeypatch.setenv("HYACINTH_CACHE", str(tmp_path))
    assert cache_directory() == tmp_path


def test_a_missing_compiler_is_named_with_the_mend(monkeypatch, source):
    def version(name):
        raise build_module.PackageNotFoundError(name)
    monkeypatch.setattr(build_module, "version", version)
    build_module.compiler_version.cache_clear()
    with pytest.raises(BuildError, match="pip install ziglang"):
        build(source("int main(void) { return 0; }\n"))


def test_a_source_of_ones_own_is_built_alone(source, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["build", str(source("int main(void) { return 0; }\n", "mine.c"))])
    main()
    assert [line.rpartition("/")[2] for line in capsys.readouterr().out.splitlines()] == ["mine.elf"]


def test_a_source_that_is_not_there_is_answered_in_one_line(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["build", "crc", "none.c"])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert capsys.readouterr().err == "hyacinth.sw.build: none.c: no such file; check the path\n"


def test_a_cache_that_cannot_be_written_is_answered_in_one_line(monkeypatch, capsys, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("HYACINTH_CACHE", str(tmp_path / "file"))
    monkeypatch.setattr(sys, "argv", ["build", "crc"])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert "set HYACINTH_CACHE to a folder" in capsys.readouterr().err
