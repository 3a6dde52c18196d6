"""Which fixture module is there for which operator."""

from modules import *

ALL_MODULES = {
    TestVersionedScaleV3(): "tinyops::scale",
    TestVersionedHalveV3(): "tinyops::halve",
}
