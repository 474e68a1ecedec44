"""The dashboard of leaders (二（一）, 五（一）): figures of a unit, a period and the one before."""
