"""Rebuild static/icons.svg, the one icon sprite, from the published Tabler icons.

    npm pack @tabler/icons@3.51.0 && tar xzf tabler-icons-3.51.0.tgz
    python scripts/build_icons.py package            # rebuilds from scripts/icons.txt

Icons are named in scripts/icons.txt, one a line; `name-filled` takes the filled drawing.
The script fails on a name that the package does not know, so a typing error cannot pass.
"""

import argparse
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
BACKGROUND = re.compile(r'<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*/>')
INNER = re.compile(r"<svg\b[^>]*>(.*)</svg>", re.DOTALL)
OUTLINE = (
    'viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round"'
)
FILLED = 'viewBox="0 0 24 24" fill="currentColor" stroke="none"'


def wanted_names(path: Path) -> list[str]:
    """The icon names of a list file, sorted, comments and blank lines left out."""
    lines = (line.split("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return sorted({line for line in lines if line})


def symbol(package: Path, name: str) -> str:
    """One icon as a <symbol>; raises FileNotFoundError when the package lacks it."""
    filled = name.endswith("-filled")
    file = package / "icons" / ("filled" if filled else "outline") / f"{name.removesuffix('-filled')}.svg"
    match = INNER.search(file.read_text(encoding="utf-8"))
    if match is None:
        raise ValueError(f"{file} holds no drawing")
    drawing = " ".join(BACKGROUND.sub("", match.group(1)).split())
    return f'<symbol id="{name}" {FILLED if filled else OUTLINE}>{drawing}</symbol>'


def sprite(package: Path, names: list[str]) -> str:
    """The whole sprite file."""
    symbols = "\n".join(symbol(package, name) for name in names)
    licence = "<!-- Tabler Icons 3.51.0, MIT, Copyright (c) 2020-2026 Paweł Kuna -->"
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{licence}\n{symbols}\n</svg>\n'


def main() -> int:
    """Read the arguments, write the sprite, report what was missing."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("package", type=Path, help="unpacked @tabler/icons package")
    parser.add_argument("--names", type=Path, default=HERE / "icons.txt")
    parser.add_argument("--out", type=Path, default=HERE.parent / "static" / "icons.svg")
    arguments = parser.parse_args()
    try:
        text = sprite(arguments.package, wanted_names(arguments.names))
    except FileNotFoundError as error:
        sys.stderr.write(f"No such icon: {error.filename}\n")
        return 1
    arguments.out.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
