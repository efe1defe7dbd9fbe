"""Which core a program of sw/tests is for."""

from dataclasses import replace

from hyacinth.rtl.config import FULL, name_of
from hyacinth.sw.build import needs


def core_for(source):
    """The name of the full core, with the extensions that the program needs and that one lacks."""
    return name_of(replace(FULL, extensions=(*FULL.extensions, *needs(source))))
