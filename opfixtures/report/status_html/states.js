// What a fixture can come to, worst first: {name: [shape, tone, label, what it means]}.

const STATES = {
  mismatch: ["cross", "bad", "mismatch", "it does not load, or computes something else"],
  failed: ["square", "bad", "failed", "the side after the change cannot be built or run"],
  refused: ["barred", "bad", "refused", "it could not be looked at"],
  unreadable: ["square", "warn", "unreadable", "the fixture or its record cannot be read"],
  uncovered: ["barred", "warn", "wrong version", "it is stamped with a version that its entry does not cover"],
  missing: ["dashed", "warn", "no fixture", "nothing stands there yet"],
  unproven: ["triangle", "warn", "unproven", "it loads and computes the same, but something is not shown"],
  waived: ["half", "warn", "waived", "it is not green, and the settings put up with that until a date"],
  generated: ["plus", "info", "generated", "made by this run"],
  accepted: ["diamond", "accepted", "accepted break", "it fails in just the way that the settings announce"],
  there: ["ring", "info", "not replayed", "it is there; --replay shows whether it still computes the same"],
  verified: ["check", "good", "verified", "old models load and compute the same"],
};
const WORST_FIRST = Object.keys(STATES);

// What comes of a fixture in a runtime, worst first.
const OUTCOMES = {
  crashes: ["triangle", "bad", "crashes"],
  "does not load": ["square", "bad", "does not load"],
  raises: ["cross", "bad", "raises"],
  "other results": ["half", "warn", "other results"],
  unknown: ["dashed", "quiet", "unknown"],
  same: ["check", "good", "same"],
};
const WORST_OUTCOME_FIRST = Object.keys(OUTCOMES);

function stateBadge(state, text = STATES[state][2]) {
  const [shape, tone] = STATES[state];
  return badge(shape, tone, text);
}

function outcomeBadge(outcome, text = OUTCOMES[outcome][2]) {
  const [shape, tone] = OUTCOMES[outcome];
  return badge(shape, tone, text);
}

// The fixtures of a row, those of all entries and guards.
function fixturesOf(row) {
  return [...row.entries.flatMap((entry) => entry.fixtures), ...(row.guards || [])];
}

// The states of a row: an entry that has no fixture entry lacks its fixture too.
function statesOf(row) {
  const bare = row.entries.filter((entry) => !entry.fixtures.length).map(() => "missing");
  return [...fixturesOf(row).map((fixture) => fixture.state), ...bare];
}

// How many there are of each, worst first: [[state, number]].
function countedStates(states) {
  return WORST_FIRST.map((state) => [state, states.filter((one) => one === state).length]).filter(([, number]) => number);
}

function worstOf(row) {
  const states = new Set(statesOf(row));
  return WORST_FIRST.findIndex((state) => states.has(state));
}
