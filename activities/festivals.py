"""On which days festivals of the lunar calendar fall, for years whose days off nobody has entered yet.

They follow from the moon, not from a decree, so they are known long ahead; a test asks for more before they
run out.
"""

SPRING_FESTIVAL = (
    "2027-02-06", "2028-01-26", "2029-02-13", "2030-02-03", "2031-01-23", "2032-02-11", "2033-01-31",
    "2034-02-19", "2035-02-08", "2036-01-28", "2037-02-15", "2038-02-04", "2039-01-24", "2040-02-12",
)  # fmt: skip
MID_AUTUMN = (
    "2027-09-15", "2028-10-03", "2029-09-22", "2030-09-12", "2031-10-01", "2032-09-19", "2033-09-08",
    "2034-09-27", "2035-09-16", "2036-10-04", "2037-09-24", "2038-09-13", "2039-10-02", "2040-09-20",
)  # fmt: skip
