"""Why a file is refused, and the limits that it must keep."""

MEGABYTE = 1024 * 1024
MAX_FILE_BYTES = 40 * MEGABYTE
MAX_ROWS = 200_000
MAX_COLUMNS = 300
MAX_CELL_CHARACTERS = 32_767
MAX_PART_BYTES = 400 * MEGABYTE
MAX_UNPACKED_BYTES = 600 * MEGABYTE
MAX_RATIO = 200
MAX_PARTS = 2_000
MAX_DIRECTORY_BYTES = MEGABYTE

MEMORY_BYTES = 600 * MEGABYTE
CPU_SECONDS = 60
SILENCE_SECONDS = 90


class RosterRefused(ValueError):
    """The file is not read at all; the message tells the user why, in Chinese."""
