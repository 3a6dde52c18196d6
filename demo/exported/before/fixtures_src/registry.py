"""Which guard is there for which operator."""

from modules import *

ALL_MODULES = {
}
