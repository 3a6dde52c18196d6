"""Making a fixture: the plan for each fixture entry, the pre-change runtime's archive, the new record."""
