"""What nobody writes by hand: fixture modules, skeletons of upgraders, and how they come into the files. Pure."""
