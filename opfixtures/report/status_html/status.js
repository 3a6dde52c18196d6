// The page of `opfixtures status`: operators and versions, fixtures on them.

const data = pageData();
data.rows.forEach((row, number) => Object.assign(row, { number }));
const timeline = new Timeline(data.rows);
const hasSeveral = data.projects.length > 1;

function operatorCell(row) {
  const [, space, name, overload] = row.operator.match(/^(.*?::)?([^.]*)(\..*)?$/s);
  const text = [el("span", { class: "quiet" }, space || ""), name, el("span", { class: "quiet" }, overload || "")];
  const node = el("span", { class: "mono operator" }, text);
  node.title = row.operator;
  return row.project ? [node, el("span", { class: "quiet small" }, ` ${row.project}`)] : node;
}

function stateCell(row) {
  const [[worst, number], ...others] = countedStates(statesOf(row));
  const more = others.reduce((sum, [, one]) => sum + one, 0);
  const text = `${number > 1 || more ? `${number} ` : ""}${STATES[worst][2]}`;
  return stateBadge(worst, more ? [text, el("span", { class: "quiet" }, `+${more}`)] : text);
}

function searched(row) {
  const names = row.entries.flatMap((entry) => [entry.upgrader, `v${entry.at}`]);
  return [row.operator, row.project, ...names, ...fixturesOf(row).map((fixture) => fixture.module)].join(" ");
}

function stateFacet() {
  const counts = new Set(data.rows.flatMap(statesOf));
  const options = WORST_FIRST.filter((state) => counts.has(state)).reverse();
  return {
    name: "fixture", label: "Fixtures", of: statesOf,
    options: options.map((state) => ({ value: state, label: STATES[state][2], title: STATES[state][3], mark: mark(STATES[state][0], STATES[state][1], 14) })),
  };
}

function kindFacet() {
  return {
    name: "kind", label: "Operators", of: (row) => [row.guards ? "guard" : "versioned", ...(row.waived ? ["waived"] : [])],
    options: [["versioned", "in the version map"], ["guard", "guards"], ["waived", "with a waiver"]].map(([value, label]) => ({ value, label })),
  };
}

function loadsFacet(runtime, number) {
  const of = (row) => [loadsOf(row, number)[0] || "not loaded"];
  const found = new Set(data.rows.flatMap(of));
  const options = WORST_OUTCOME_FIRST.filter((outcome) => found.has(outcome)).reverse();
  return {
    name: `in-${runtime}`, label: runtime, of,
    options: options.map((value) => ({ value, label: OUTCOMES[value][2], mark: mark(OUTCOMES[value][0], OUTCOMES[value][1], 14) })),
  };
}

function projectFacet() {
  const options = data.projects.slice(0, 30).map((folder) => ({ value: folder || ".", label: folder || "(root)" }));
  return { name: "project", label: "Project", of: (row) => [row.project || "."], options };
}

function summary() {
  const fixtures = data.rows.flatMap(fixturesOf);
  const entries = data.rows.flatMap((row) => row.entries);
  const states = countedStates(data.rows.flatMap(statesOf)).reverse();
  const bar = el("div", { class: "share", "aria-hidden": "true" }, states.map(([state, number]) => styled(el("span", { class: STATES[state][1] }), { "flex-grow": `${number}` })));
  const tile = (number, what) => el("div", { class: "tile" }, el("strong", {}, NUMBER.format(number)), ` ${what}`);
  const green = fixtures.filter((one) => one.state === "verified" || one.state === "accepted").length;
  return el("section", { class: "summary", "aria-label": "summary" },
    el("div", { class: "tiles" },
      tile(data.rows.length, "operators"), tile(entries.length, "entries"), tile(entries.filter((entry) => entry.fixtures.some((one) => one.state !== "missing")).length, "entries with a fixture"),
      tile(fixtures.length, "fixtures"), data.isReplayed ? tile(green, "green in this replay") : null),
    states.length ? bar : null);
}

const NOTES = { unread: ["Cannot be read", "cannot be read"], orphan: ["Belongs to no entry", "belong to no entry"], break: ["Accepted breaks: what users of old files are told", "accepted breaks"] };
const MOST_NOTES = 200;

function notes() {
  const kinds = Object.keys(NOTES).map((kind) => [kind, data.notes.filter((note) => note.kind === kind)]).filter(([, some]) => some.length);
  if (!kinds.length) return null;
  const counts = kinds.map(([kind, some]) => `${NUMBER.format(some.length)} ${NOTES[kind][1]}`).join(" · ");
  const lists = kinds.map(([kind, some]) => [
    el("h2", {}, NOTES[kind][0]),
    el("ul", {}, some.slice(0, MOST_NOTES).map((note) => el("li", {}, note.place ? [el("code", {}, note.place), " "] : null, note.text))),
    some.length > MOST_NOTES ? el("p", { class: "quiet" }, `${NUMBER.format(some.length - MOST_NOTES)} more: \`opfixtures status\` lists all.`) : null,
  ]);
  return el("details", { class: "notes card" }, el("summary", {}, counts), el("div", { class: "notes-content" }, lists));
}

function subtitle() {
  const commit = data.commit ? ["work tree at ", el("code", {}, data.commit.slice(0, 12))] : "no commit yet";
  const replay = data.isReplayed ? `replayed with ${data.replayedBy.join(", ") || "no runtime"}` : "not replayed";
  return [data.repository, " · ", commit, " · ", replay, ` · opfixtures ${data.version}`];
}

function detailOf(row) {
  return pageChunk(Math.floor(row.number / data.rowsOfAChunk))[row.number % data.rowsOfAChunk];
}

const byName = (one, other) => one.operator.localeCompare(other.operator);
const latest = (row) => row.entries.reduce((top, entry) => Math.max(top, entry.at), 0);

styled(document.documentElement, { "--runtimes": `${data.runtimes.length || 1}` });
document.body.classList.toggle("with-runtimes", data.runtimes.length > 0);

browse({
  title: "Operators and fixtures",
  subtitle: subtitle(),
  above: [summary(), notes()].filter(Boolean),
  below: [],
  what: "operators",
  one: "operator",
  items: data.rows,
  key: (row) => (hasSeveral ? `${row.project || "."} ${row.operator}` : row.operator),
  search: searched,
  facets: [stateFacet(), kindFacet(), ...data.runtimes.map(loadsFacet), ...(hasSeveral ? [projectFacet()] : [])],
  sorts: [
    { value: "map", label: "as in the map" },
    { value: "worst", label: "worst first", compare: (one, other) => worstOf(one) - worstOf(other) || one.number - other.number },
    { value: "name", label: "by name", compare: byName },
    { value: "latest", label: "last bumped first", compare: (one, other) => latest(other) - latest(one) || one.number - other.number },
  ],
  columns: [["name", "operator"], ["versions", timeline.axis()], ...data.runtimes.map((runtime) => ["runtime", runtime]), ["state", "fixtures"]],
  cells: (row) => [operatorCell(row), timeline.cell(row), ...data.runtimes.map((runtime, number) => loadsCell(row, number, runtime)), stateCell(row)],
  narrow: data.runtimes.length ? 980 : 640,
  rowHeight: (isNarrow) => (isNarrow ? data.runtimes.length ? 106 : 66 : 40),
  details: (row) => ({ title: row.operator, nodes: operatorDetails(row, detailOf(row)) }),
  target: (node) => {
    const dot = node.closest("[data-module]");
    return dot && `details[data-module="${CSS.escape(dot.dataset.module)}"]`;
  },
});
