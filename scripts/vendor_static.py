"""Copy the browser files that this product serves out of unpacked npm packages.

    npm pack @tabler/core@1.6.1 echarts@6.1.0 tom-select@2.6.2    # unpack each into FOLDER/<name>-<version>
    python scripts/vendor_static.py FOLDER

Source-map comments go (the maps are not served, and the manifest storage would look for them),
remote @import rules go (no page may ask another host for anything), and tom-select reads
Tabler's variables instead of Bootstrap's.
"""

import argparse
import re
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent / "static" / "vendor"
SOURCE_MAP = re.compile(r"/\*# sourceMappingURL=[^*]*\*/|^//# sourceMappingURL=.*$", re.MULTILINE)
REMOTE_IMPORT = re.compile(r"@import\s+(?:url\()?[\"']?https?:[^;]*;")
NOTICE = "/* Changed from the published file by scripts/vendor_static.py. */"
FILES = {
    "echarts-6.1.0": [
        "echarts-6.1.0/dist/echarts.common.min.js",
        "echarts-6.1.0/LICENSE",
        "echarts-6.1.0/NOTICE",
    ],
    "tabler-1.6.1": ["tabler-core-1.6.1/dist/css/tabler.min.css"],
    "tom-select-2.6.2": [
        "tom-select-2.6.2/dist/js/tom-select.popular.min.js",
        "tom-select-2.6.2/dist/css/tom-select.bootstrap5.min.css",
        "tom-select-2.6.2/LICENSE",
    ],
}


def cleaned(text: str) -> str:
    """The file without source-map comments, remote imports or Bootstrap's variable prefix."""
    text = REMOTE_IMPORT.sub("", SOURCE_MAP.sub("", text))
    return f"{text.replace('--bs-', '--tblr-').rstrip()}\n{NOTICE}\n"


def main() -> None:
    """Copy every file of FILES into static/vendor/<name>-<version>/."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="holds the unpacked packages")
    folder = parser.parse_args().folder
    for name, sources in FILES.items():
        target = ROOT / name
        target.mkdir(parents=True, exist_ok=True)
        for source in map(folder.joinpath, sources):
            if source.suffix in {".css", ".js"}:
                text = cleaned(source.read_text(encoding="utf-8"))
                (target / source.name).write_text(text, encoding="utf-8")
            else:
                shutil.copyfile(source, target / source.name)


if __name__ == "__main__":
    main()
