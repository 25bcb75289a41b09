"""Do the arithmetic: arrays in, arrays out, no frames, no files, no CRS.

Every compiled kernel has a plain twin (numpy, scipy or shapely, name ending in
``_plain``) that gives the same answer slowly; the tests hold one against the other.
"""
