"""Guards: each calls one operator, as the models of users do."""

import torch
