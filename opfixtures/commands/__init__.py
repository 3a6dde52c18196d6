"""The subcommands, one file each: from options to an exit status."""
