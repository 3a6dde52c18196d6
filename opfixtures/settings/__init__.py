"""What the settings say: `[tool.opfixtures]`, the preset for PyTorch, the sources of a library, the waivers."""
