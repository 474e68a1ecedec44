"""Demo data: fictional people in fictional workplaces, made by a seeded generator, and accounts to try with.

Nothing here is real. ID numbers use an area code that was never assigned (110199), telephone numbers use
prefixes that no network has, and every account's name begins with 演示.
"""

SEED = 20140506
# Public on purpose: the README prints it, the product shows a banner and listens on loopback only, and
# `check --deploy` fails while an account with it exists.
PASSWORD = "Liaison-Demo-2026"  # noqa: S105
# Begins every text of the demo's one restricted record, so that a leak is visible.
CANARY = "金丝雀"
# The unit added for acts that end someone's place on the register; its people are the demo's to lose.
DEMO_UNIT = "DEMO"
