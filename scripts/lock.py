"""Write the three lock files from pyproject.toml (run by `make lock`).

One torch version exists in two builds. The build on the public index for Linux needs some twenty CUDA packages of
several GB; a CPU build of the same version needs none. So:

- `requirements.lock`: what every machine installs;
- `requirements-torch-cpu.lock`: the CPU build of torch, taken where a machine's package settings offer it;
- `requirements-torch.lock`: the public build of torch and, on Linux, the CUDA packages it needs.

Hashes are kept only for wheels that Linux, macOS and Windows on CPython 3.11 to 3.14 can use (and for source
archives); with every exotic platform's hash the file would be half as large again.

    python scripts/lock.py TORCH_CPU_WHEEL
"""

import hashlib
import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[1]
TORCH = "2.13.0"
TORCH_FAMILY = re.compile(r"^(torch$|triton$|nvidia-|cuda-)")
PYTHON = re.compile(r"(^|\.)(py3|py2\.py3|cp311|cp312|cp313|cp314)$|^cp3\d+-abi3")
EXOTIC = re.compile(
    r"musllinux|s390x|ppc64|armv7|armv6|i686|riscv|loongarch|win32|win_arm64|android|ios|emscripten|wasm"
)
NOTE = "# Written by `make lock`; do not edit. scripts/lock.py says why there are three files.\n"


def usable(wheel: str) -> bool:
    """Whether a wheel of that file name suits a platform that we support (PEP 427 tags)."""
    python, abi, platform = wheel.removesuffix(".whl").split("-")[-3:]
    if abi == "abi3":
        python_fits = int(re.sub(r"\D", "", python.split(".")[0])[1:] or 0) <= 14
    else:
        python_fits = bool(PYTHON.search(python)) and not abi.endswith("t")
    return python_fits and any(not EXOTIC.search(one) for one in platform.split("."))


def locked() -> list[dict]:
    with tempfile.TemporaryDirectory() as folder:
        constraints, output = pathlib.Path(folder, "constraints.txt"), pathlib.Path(folder, "pylock.toml")
        constraints.write_text(f"torch=={TORCH}\n", encoding="utf-8")
        command = "uv pip compile pyproject.toml --extra test --extra llm --universal --python-version 3.11 --quiet"
        subprocess.run([*command.split(), "-c", constraints, "-o", output], cwd=ROOT, check=True)
        return tomllib.loads(output.read_text(encoding="utf-8"))["packages"]


def file_name(file: dict) -> str:
    return file.get("name") or file.get("url", file.get("path", "")).rsplit("/", 1)[-1]


def requirement(package: dict) -> str:
    wheels = package.get("wheels", [])
    fitting = [wheel for wheel in wheels if usable(file_name(wheel))] or wheels
    files = fitting + ([package["sdist"]] if "sdist" in package else [])
    marker = f" ; {package['marker']}" if "marker" in package else ""
    hashes = sorted({file["hashes"]["sha256"] for file in files})
    pinned = f"{package['name']}=={package['version']}{marker}"
    return " \\\n".join([pinned, *(f"    --hash=sha256:{digest}" for digest in hashes)]) + "\n"


def main(cpu_wheel: pathlib.Path) -> None:
    base, torch = [], []
    for package in locked():
        (torch if TORCH_FAMILY.match(package["name"]) else base).append(requirement(package))
    digest = hashlib.sha256(cpu_wheel.read_bytes()).hexdigest()
    cpu = f"torch=={TORCH}+cpu \\\n    --hash=sha256:{digest}\n"
    (ROOT / "requirements.lock").write_text(NOTE + "".join(base), encoding="utf-8")
    (ROOT / "requirements-torch.lock").write_text(NOTE + "".join(torch), encoding="utf-8")
    (ROOT / "requirements-torch-cpu.lock").write_text(NOTE + cpu, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
