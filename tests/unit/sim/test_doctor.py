"""Tests of the doctor: what is missing is named with its mend, and only what is needed counts."""

import subprocess
import sys
from argparse import Namespace
from importlib import metadata

from hyacinth.sim import doctor
from hyacinth.sim.doctor import Finding


def outcome(capsys, *findings):
    return doctor.main(Namespace(images=[])), capsys.readouterr().out


def test_all_well_is_success(capsys, monkeypatch):
    monkeypatch.setattr(doctor, "CHECKS", (lambda: [Finding("Python", True, "3.11")],))
    assert outcome(capsys) == (0, "ok      Python                3.11\n\nEverything needed is here.\n")


def test_what_is_missing_comes_with_its_mend(capsys, monkeypatch):
    monkeypatch.setattr(doctor, "CHECKS", (lambda: [Finding("rich", False, "not installed", "pip install rich")],))
    status, text = outcome(capsys)
    assert status == 1
    assert "MISSING rich" in text and "-> pip install rich" in text and "1 missing" in text


def test_what_is_optional_is_no_failure(capsys, monkeypatch):
    monkeypatch.setattr(doctor, "CHECKS", (lambda: [Finding("viewer", False, "none", "get one", needed=False)],))
    assert outcome(capsys)[0] == 0


def test_an_old_python_is_named(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 2))
    finding, = doctor.python()
    assert (finding.fine, finding.mend) == (False, "install Python 3.11 or later")


def test_a_package_that_is_not_installed_is_named(monkeypatch):
    def version(name):
        raise metadata.PackageNotFoundError(name)
    monkeypatch.setattr(metadata, "version", version)
    assert {finding.mend for finding in doctor.packages()} == {f"pip install {name}" for name in doctor.NEEDED}


def test_a_cache_that_cannot_be_written_is_named(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HYACINTH_CACHE", str(tmp_path / "file" / "cache"))
    finding, = doctor.cache()
    assert not finding.fine and finding.mend == "name a folder that can be written: export HYACINTH_CACHE=/path"


def test_a_compiler_that_fails_is_quoted(monkeypatch):
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 1, "", "error: no\nmore"))
    assert [(finding.fine, finding.detail) for finding in doctor.compilers()] == [(False, "error: no")] * 2
