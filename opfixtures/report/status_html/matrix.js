// Who loads what: what came of fixtures in each runtime.

// The worst outcome of a row in a runtime, and how many of its fixtures are the same there: [outcome, same, all].
function loadsOf(row, number) {
  const shown = fixturesOf(row).map((fixture) => Object.values(fixture.loads[number])).filter((outcomes) => outcomes.length);
  const outcomes = new Set(shown.flat());
  const worst = WORST_OUTCOME_FIRST.find((outcome) => outcomes.has(outcome));
  return [worst, shown.filter((some) => some.every((outcome) => outcome === "same")).length, shown.length];
}

function loadsCell(row, number, runtime) {
  const [worst, same, all] = loadsOf(row, number);
  const name = el("span", { class: "runtime-name" }, runtime);
  if (!worst) return [name, el("span", { class: "quiet" }, "not loaded")];
  const text = worst === "same" || all === 1 ? OUTCOMES[worst][2] : `${same} of ${all} same`;
  return [name, outcomeBadge(worst, text)];
}

// In the details of a fixture: a row a runtime, a column a loader.
function loadsTable(loads) {
  const runtimes = Object.keys(loads);
  const loaders = [...new Set(runtimes.flatMap((runtime) => Object.keys(loads[runtime])))];
  if (!loaders.length) return null;
  const head = el("tr", {}, el("th", { scope: "col" }, "runtime"), loaders.map((loader) => el("th", { scope: "col" }, loader)));
  const rows = runtimes.map((runtime) => el("tr", {}, el("th", { scope: "row" }, runtime), loaders.map((loader) => el("td", {}, loadedCell(loads[runtime][loader])))));
  return el("table", {}, el("thead", {}, head), el("tbody", {}, rows));
}

function loadedCell(loaded) {
  if (!loaded) return el("span", { class: "quiet" }, "not loaded");
  const why = loaded.reason || firstDifference(loaded);
  return [outcomeBadge(loaded.outcome), why ? el("div", { class: "quiet small" }, why) : null].filter(Boolean);
}

function firstDifference(loaded) {
  const index = loaded.differences.findIndex((one) => one !== null);
  return index < 0 ? "" : `sample ${index + 1}: ${loaded.differences[index]}`;
}
