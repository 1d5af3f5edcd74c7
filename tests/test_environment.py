"""What doctor says of the kernel that JupyterLab would start, and of what is in the way."""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tutor import cli, environment


@pytest.fixture
def registered(monkeypatch, tmp_path):
    """Register a kernel `python3` in the reader's home, where it is found before the one of the environment."""

    def register(*argv, **more):
        folder = tmp_path / "share" / "kernels" / "python3"
        folder.mkdir(parents=True, exist_ok=True)
        spec = {"argv": list(map(str, argv)), "display_name": "Python 3", "language": "python", **more}
        (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
        return folder

    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "share"))
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    monkeypatch.delenv("JUPYTER_PATH", raising=False)
    return register


LAUNCH = ("-m", "ipykernel_launcher", "-f", "{connection_file}")


def test_a_kernel_of_this_interpreter_is_well(registered):
    registered("python", *LAUNCH)
    row = environment.kernel()
    assert row.state == "ok" and "torch" in row.found and "series" in row.found


def test_a_kernel_of_an_environment_that_is_gone_is_told_with_its_mend(registered, tmp_path):
    folder = registered(tmp_path / "gone" / "bin" / "python", *LAUNCH)
    row = environment.kernel()
    assert row.state == "problem" and f"{folder} is of an environment that is gone" in row.found
    assert "jupyter kernelspec remove python3" in row.mend


@pytest.mark.slow
def test_a_kernel_of_another_environment_is_told(registered, tmp_path):
    venv.create(tmp_path / "other", symlinks=os.name == "posix")
    python = tmp_path / "other" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    registered(python, *LAUNCH)
    row = environment.kernel()
    assert row.state == "problem" and f"({python}) without the series" in row.found
    assert "ipykernel install --user" in row.mend


def test_a_kernel_with_another_tutor_is_told(registered, tmp_path):
    (tmp_path / "tutor").mkdir()
    (tmp_path / "tutor" / "__init__.py").write_text("")
    registered("python", *LAUNCH, env={"PYTHONPATH": str(tmp_path)})
    row = environment.kernel()
    assert row.state == "problem" and f"another `tutor`, {tmp_path / 'tutor' / '__init__.py'}" in row.found
    assert "pip uninstall tutor" in row.mend


@pytest.mark.parametrize(
    ("argv", "state", "found"),
    [
        ((sys.executable, "-c", "pass", *LAUNCH), "problem", "does not start"),
        ((sys.executable, "start_kernel.py", "{connection_file}"), "note", "cannot be asked"),
    ],
)
def test_a_kernel_that_cannot_be_asked_is_told(registered, argv, state, found):
    registered(*argv)
    row = environment.kernel()
    assert row.state == state and found in row.found and "tutor lab" in row.mend


def test_a_garbled_kernel_is_told_with_its_folder(registered):
    folder = registered()
    (folder / "kernel.json").write_text("{")
    row = environment.kernel()
    assert row.state == "problem" and f"{folder} has a kernel.json that is not JSON" in row.found


def test_a_kernel_that_never_answers_is_not_waited_for(registered, tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text("import time; time.sleep(600)")
    monkeypatch.setattr(environment, "ASK_SECONDS", 0.5)
    registered("python", *LAUNCH, env={"PYTHONPATH": str(tmp_path)})
    assert "does not start" in environment.kernel().found


def test_tutor_lab_starts_its_own_kernel_whatever_the_home_holds(registered, tmp_path):
    registered(tmp_path / "gone" / "python", *LAUNCH)
    code = (
        "from jupyter_client.manager import KernelManager;"
        "print(KernelManager(kernel_name='python3').format_kernel_cmd()[0])"
    )
    asked = [sys.executable, "-c", code]
    plain = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    assert "gone" in plain, "without our folders the reader's kernel would be taken"
    ours = subprocess.run(asked, env=cli._lab_environment(), capture_output=True, text=True, check=True).stdout
    assert ours.strip() == sys.executable


def test_files_in_the_way_are_told_here_and_beside_the_copies(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert environment.file_names().state == "ok"
    Path("work").mkdir()
    Path("work", "random.py").write_text("")
    row = environment.file_names()
    assert row.state == "problem" and str(tmp_path / "work" / "random.py") in row.found and "Rename" in row.mend


def test_overwritten_files_are_told(monkeypatch):
    import tutor

    monkeypatch.delattr(tutor, "__all__")
    row = environment.other_tutor()
    assert row.state == "problem" and "overwritten" in row.found and "fresh environment" in row.mend


def test_the_second_command_is_ours_where_another_tutor_comes_first(tmp_path, pytestconfig):
    """As after `pip install tutor` beside the series in development: theirs is found first, and has no command line."""
    (tmp_path / "site" / "tutor").mkdir(parents=True)
    (tmp_path / "site" / "tutor" / "__init__.py").write_text("")
    code = "import sys; sys.argv[1:] = ['--version']; from autograd_tutor import main; main()"
    path = os.pathsep.join(map(str, (tmp_path / "site", pytestconfig.rootpath)))
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True)
    assert done.stdout.startswith("autograd-tutor, version"), done.stderr


def test_both_commands_are_installed_and_the_second_is_no_part_of_tutor(pytestconfig):
    import tomllib

    project = tomllib.loads((pytestconfig.rootpath / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["scripts"] == {"tutor": "tutor.cli:main", "autograd-tutor": "autograd_tutor:main"}
