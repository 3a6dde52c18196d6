// Versions from left to right: a bar for what each entry covers, and on it the fixtures.

const MOST_TICKS = 14;
const MOST_DOTS = 4;

class Timeline {
  constructor(rows) {
    const tops = rows.flatMap((row) => row.entries.map((entry) => entry.at));
    this.columns = tops.reduce((top, one) => Math.max(top, one), 3) + 1;
    this.step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].find((step) => this.columns / step <= MOST_TICKS) || Math.ceil(this.columns / 10);
  }

  at(version) {
    return `${(100 * version) / this.columns}%`;
  }

  axis() {
    const ticks = [];
    for (let version = 0; version < this.columns; version += this.step) {
      ticks.push(styled(el("span", { class: "tick" }, `${version}`), { left: this.at(version), width: this.at(1) }));
    }
    return el("div", { class: "axis" }, el("span", { class: "unseen" }, "versions covered"), el("span", { "aria-hidden": "true" }, ticks));
  }

  // What is drawn for a row, and the same in words.
  cell(row) {
    const bars = row.entries.map((entry) => this.bar(entry));
    const dots = row.entries.flatMap((entry) => this.clusters(entry.fixtures.length ? entry.fixtures : [bare(entry)]));
    const guards = row.guards ? [this.guard(row.guards)] : [];
    const drawn = el("div", { class: "timeline", "aria-hidden": "true" }, bars, dots, guards);
    styled(drawn, { "--step": row.guards ? "100%" : this.at(this.step) });
    return [drawn, el("span", { class: "unseen" }, inWords(row))];
  }

  bar(entry) {
    const node = el("div", { class: `bar${entry.isDefined ? "" : " undefined"}` }, el("span", {}, entry.upgrader));
    node.title = `${entry.upgrader}: covers ${entry.first} to ${entry.last}`;
    const dots = Math.min(Math.max(entry.fixtures.filter((one) => one.version === entry.last).length, 1), MOST_DOTS);
    return styled(node, { left: this.at(entry.first), width: this.at(entry.at - entry.first), "padding-right": `${8 + dots * 18}px` });
  }

  // Fixtures of one version stand side by side at its end.
  clusters(fixtures) {
    const versions = new Map();
    for (const fixture of fixtures) versions.set(fixture.version, [...(versions.get(fixture.version) || []), fixture]);
    return [...versions].map(([version, some]) => styled(dots(some), { right: this.at(this.columns - version - 1) }));
  }

  guard(fixtures) {
    return el("div", { class: "guard" }, el("span", {}, "guard: in no version map, replayed at every head"), dots(fixtures));
  }
}

function bare(entry) {
  return { module: "no fixture entry", version: entry.last, state: "missing" };
}

function dots(fixtures) {
  const sorted = [...fixtures].sort((one, other) => WORST_FIRST.indexOf(one.state) - WORST_FIRST.indexOf(other.state));
  const shown = sorted.length > MOST_DOTS ? sorted.slice(0, MOST_DOTS - 1) : sorted;
  const nodes = shown.map((fixture) => {
    const [shape, tone, label] = STATES[fixture.state];
    const node = el("span", { class: "dot", "data-module": fixture.module }, mark(shape, tone, 16));
    node.title = `${fixture.module}: ${label}`;
    return node;
  });
  const more = sorted.length - shown.length;
  return el("div", { class: "dots" }, nodes, more ? el("span", { class: "more" }, `+${more}`) : null);
}

function inWords(row) {
  const entries = row.entries.map((entry) => `versions ${entry.first} to ${entry.last}, upgrader ${entry.upgrader}: ${fixturesInWords(entry.fixtures)}`);
  return [...entries, ...(row.guards ? [`guard: ${fixturesInWords(row.guards)}`] : [])].join("; ");
}

function fixturesInWords(fixtures) {
  if (!fixtures.length) return "no fixture entry";
  return countedStates(fixtures.map((one) => one.state)).map(([state, number]) => `${number} ${STATES[state][2]}`).join(", ");
}
