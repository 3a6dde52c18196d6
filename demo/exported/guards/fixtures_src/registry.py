"""Which guard is there for which operator."""

from modules import *

ALL_MODULES = {
    ScaleBy(): "mylib::scale",
    ScaleByDefault(): "mylib::scale",
}
