"""What a person starting the product can mend: told in one clear line, never as a traceback."""


class Problem(Exception):
    """Ends the program with its text on stderr and exit code 1."""
