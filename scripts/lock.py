"""Write the four lock files from pyproject.toml (run by `make lock`).

One torch version exists in two builds. The build on the public index for Linux needs some twenty CUDA packages of
several GB; a CPU build of the same version needs none. So:

- `requirements.lock`: what every machine installs;
- `requirements-torch-cpu.lock`: the CPU build of torch, taken where a machine's package settings offer it;
- `requirements-torch.lock`: the public build of torch and, on Linux, the CUDA packages it needs;
- `requirements-bench.lock`: what the benchmarks need besides: the other extras, and the libraries to compare with.
  For CPython 3.11 on Linux only: not all of them can be had together elsewhere.

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
BESIDE = ["bertopic>=0.17", "evoc>=0.3", "hdbscan>=0.8", "pandas>=3", "umap-learn>=0.5"]
"""Libraries that the benchmarks compare with, or that a picture needs; littriage itself does without them."""
NOTE = "# Written by `make lock`; do not edit. scripts/lock.py says why there are four files.\n"


def usable(wheel: str) -> bool:
    """Whether a wheel of that file name suits a platform that we support (PEP 427 tags)."""
    python, abi, platform = wheel.removesuffix(".whl").split("-")[-3:]
    if abi == "abi3":
        python_fits = int(re.sub(r"\D", "", python.split(".")[0])[1:] or 0) <= 14
    else:
        python_fits = bool(PYTHON.search(python)) and not abi.endswith("t")
    return python_fits and any(not EXOTIC.search(one) for one in platform.split("."))


def locked(extras: list[str], *, besides: list[str], pinned: list[str], universal: bool) -> list[dict]:
    """What littriage needs with these extras, `besides` some requirements, given what is pinned already.

    On every platform, or on CPython 3.11 of this platform alone.
    """
    with tempfile.TemporaryDirectory() as folder:
        constraints, more = pathlib.Path(folder, "constraints.txt"), pathlib.Path(folder, "more.in")
        output = pathlib.Path(folder, "pylock.toml")
        constraints.write_text("\n".join(pinned) + "\n", encoding="utf-8")
        more.write_text("\n".join(besides) + "\n", encoding="utf-8")
        wanted = [part for extra in extras for part in ("--extra", extra)]
        command = f"uv pip compile pyproject.toml {'--universal' * universal} --python-version 3.11 --quiet"
        subprocess.run([*command.split(), more, *wanted, "-c", constraints, "-o", output], cwd=ROOT, check=True)
        return tomllib.loads(output.read_text(encoding="utf-8"))["packages"]


def file_name(file: dict) -> str:
    return file.get("name") or file.get("url", file.get("path", "")).rsplit("/", 1)[-1]


def requirement(package: dict) -> str:
    wheels = package.get("wheels", [])
    fitting = [wheel for wheel in wheels if usable(file_name(wheel))] or wheels
    files = fitting + ([package["sdist"]] if "sdist" in package else [])
    hashes = sorted({file["hashes"]["sha256"] for file in files})
    return " \\\n".join([pin(package), *(f"    --hash=sha256:{digest}" for digest in hashes)]) + "\n"


def pin(package: dict) -> str:
    marker = f" ; {package['marker']}" if "marker" in package else ""
    return f"{package['name']}=={package['version']}{marker}"


def main(cpu_wheel: pathlib.Path) -> None:
    base, torch = [], []
    users = locked(["test", "llm"], besides=[], pinned=[f"torch=={TORCH}"], universal=True)
    for package in users:
        (torch if TORCH_FAMILY.match(package["name"]) else base).append(requirement(package))
    known = {package["name"] for package in users}
    pinned = [pin(package) for package in users]
    more = locked(["test", "llm", "cpu", "dask", "ray"], besides=BESIDE, pinned=pinned, universal=False)
    bench = [requirement(package) for package in more if package["name"] not in known]
    digest = hashlib.sha256(cpu_wheel.read_bytes()).hexdigest()
    cpu = f"torch=={TORCH}+cpu \\\n    --hash=sha256:{digest}\n"
    (ROOT / "requirements.lock").write_text(NOTE + "".join(base), encoding="utf-8")
    (ROOT / "requirements-bench.lock").write_text(NOTE + "".join(bench), encoding="utf-8")
    (ROOT / "requirements-torch.lock").write_text(NOTE + "".join(torch), encoding="utf-8")
    (ROOT / "requirements-torch-cpu.lock").write_text(NOTE + cpu, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
