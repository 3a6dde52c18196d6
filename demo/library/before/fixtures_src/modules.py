"""Fixture modules: each calls one operator as models did before it changed."""

import torch
