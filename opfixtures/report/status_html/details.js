// The details of one operator: schema then and now, upgrader, and each fixture with samples, outputs and record.

function operatorDetails(row, detail) {
  const states = countedStates(statesOf(row)).map(([state, number]) => stateBadge(state, `${number} ${STATES[state][2]}`));
  const project = row.project ? el("span", { class: "tag" }, row.project) : null;
  const nodes = [el("div", { class: "badges" }, states, project)];
  if (detail.waivers.length) nodes.push(section("Waived", detail.waivers.map((text) => el("p", {}, text))));
  row.entries.forEach((entry, index) => nodes.push(entryDetails(row, entry, detail.entries[index], detail)));
  if (row.guards) {
    nodes.push(section("Guard", el("p", { class: "quiet" }, "Not in the version map: its fixtures are replayed at every head."), nowSchema(detail)));
    nodes.push(fixturesDetails(row.guards, detail.guards));
  }
  return nodes;
}

function nowSchema(detail) {
  return detail.schema ? sideBySide(["Schema now", code(detail.schema)]) : null;
}

function entryDetails(row, entry, detail, all) {
  const title = `Versions ${entry.first} to ${entry.last}`;
  const last = row.entries[row.entries.length - 1] === entry;
  const bumped = el("p", { class: "quiet" }, `bumped at ${entry.at}${detail.place ? `, ${detail.place}` : ""}`);
  const [then, now] = codeThenAndNow(detail.oldSchema, (last && all.schema) || null);
  const isSame = last && all.schema === detail.oldSchema;
  const schemas = isSame ? sideBySide(["Schema then and now", then]) : sideBySide(["Schema then", then], ...(now ? [["Schema now", now]] : []));
  const missing = entry.isDefined ? "Its text stands in no file that the settings name." : "It is not defined.";
  const text = detail.upgraderText ? code(detail.upgraderText) : el("p", { class: "quiet" }, missing);
  const upgrader = sideBySide([`Upgrader ${entry.upgrader}${detail.upgraderPlace ? `, ${detail.upgraderPlace}` : ""}`, text]);
  const none = entry.fixtures.length ? null : el("p", {}, stateBadge("missing", "no fixture entry"), " `opfixtures new` writes one.");
  return [section(title, bumped, schemas, upgrader, none), fixturesDetails(entry.fixtures, detail.fixtures)];
}

function fixturesDetails(fixtures, details) {
  const worst = Math.min(...fixtures.map((one) => WORST_FIRST.indexOf(one.state)));
  let isShown = false;
  return fixtures.map((fixture, index) => {
    const open = !isShown && WORST_FIRST.indexOf(fixture.state) === worst;
    isShown = isShown || open;
    return fixtureDetails(fixture, details[index], open);
  });
}

function fixtureDetails(fixture, detail, open) {
  const [shape, tone, , meaning] = STATES[fixture.state];
  const head = el("summary", {}, mark(shape, tone), el("span", { class: "mono" }, fixture.module), el("span", { class: tone }, STATES[fixture.state][2]));
  const node = el("details", { class: "fixture card", "data-module": fixture.module, open });
  const fill = () => node.childElementCount === 1 && node.append(fixtureContent(detail, meaning));
  node.append(head);
  // Most are never opened.
  node.addEventListener("toggle", fill);
  if (open) fill();
  return node;
}

function fixtureContent(detail, meaning) {
  const { verdict, record } = detail;
  const reason = (verdict && (verdict.reason || verdict.accepted)) || meaning;
  return el("div", { class: "fixture-content" },
    el("p", {}, reason), verdict && verdict.waived ? el("p", { class: "warn" }, verdict.waived) : null,
    detail.problems.map((problem) => el("p", { class: "bad" }, problem)),
    detail.isDefined ? null : el("p", { class: "warn" }, "Its fixture module is not defined."),
    verdict && verdict.facts.length ? part("What was seen", shownFacts(verdict.facts)) : null,
    Object.keys(detail.loads).length ? part("Who loads it", loadsTable(detail.loads)) : null,
    record ? part(`Samples${verdict && verdict.replayedBy ? `, then and in ${verdict.replayedBy}` : ""}`, shownSamples(detail)) : null,
    part("Record", shownRecord(detail)));
}

function part(title, content) {
  return content ? el("section", {}, el("h3", {}, title), content) : null;
}

const ANSWERS = { yes: ["check", "good"], no: ["cross", "bad"], unknown: ["dashed", "warn"], "not-applicable": ["ring", "quiet"] };

function shownFacts(rows) {
  const loaders = [...new Set(rows.map(([, loader]) => loader))];
  return sideBySide(...loaders.map((loader) => [loader || "the fixture", el("ul", { class: "seen" }, rows.filter((row) => row[1] === loader).map(shownFact))]));
}

function shownFact([name, , value, reason]) {
  // A fixture that would not notice a missing upgrader may be all that there can be.
  const [shape, tone] = name === "sensitive" && value === "no" ? ["half", "quiet"] : ANSWERS[value];
  const told = reason ? el("div", { class: "quiet small" }, reason) : null;
  return el("li", {}, mark(shape, tone, 14), el("div", {}, name, el("span", { class: "unseen" }, `: ${value}`), told));
}

function shownSamples({ samples, allSamples, now, record }) {
  if (!samples.length) return el("p", { class: "quiet" }, `${counted(allSamples, "sample")}: left out of this page, which would be too large. The record has them.`);
  const loaders = Object.keys(now);
  const nodes = samples.map((sample, index) => {
    const later = loaders.map((loader) => [`Output now, ${loader}`, outputNow(now[loader], index, sample.output)]);
    const isSame = loaders.length && loaders.every((loader) => now[loader].differences[index] === null);
    const columns = isSame ? [["Output now", outcomeBadge("same", loaders.length > 1 ? `the same, ${loaders.join(" and ")}` : "the same")]] : later;
    const differs = loaders.map((loader) => now[loader].outputs[index]).find(Boolean) || null;
    return el("li", {},
      sideBySide(["Inputs", shownInputs(sample.inputs)]),
      sample.inputs_after ? sideBySide(["Inputs after the run", shownInputs(sample.inputs_after)]) : null,
      sideBySide(["Output then", el("div", { class: "then" }, shownValue(sample.output, differs))], ...columns));
  });
  const left = allSamples - samples.length;
  const near = Object.entries(record.tolerances).map(([dtype, [rtol, atol]]) => `${dtype} within rtol ${rtol}, atol ${atol}`).join("; ");
  const foot = [left ? `${counted(left, "sample")} more in the record` : "", near && `compared: ${near}`].filter(Boolean).join("; ");
  return [el("ol", { class: "samples" }, nodes), foot ? el("p", { class: "quiet small" }, foot) : null];
}

function outputNow(loaded, index, then) {
  const difference = loaded.differences[index];
  if (difference === null) return outcomeBadge("same", "the same");
  if (difference === undefined) return [outcomeBadge(loaded.outcome), el("p", { class: "quiet small" }, loaded.reason)];
  const output = loaded.outputs[index];
  return [el("p", { class: "bad small" }, difference), output ? shownValue(output, then) : null].filter(Boolean);
}

function shownRecord(detail) {
  const { record } = detail;
  const rows = [["fixture", el("code", {}, detail.path)], ["stamped", detail.stamp === null ? "" : `version ${detail.stamp}`], ["committed", detail.committed]];
  if (!record) return facts(rows);
  const { archive } = record;
  return facts([
    ...rows,
    ["made by", `${record.runtime} (torch ${record.torch}, Python ${record.python}, ${record.platform})`],
    ["beside torch", record.packages.join(", ")],
    ["torch's commit", record.torchGit === "unknown" ? "" : el("code", {}, record.torchGit)],
    ["pre-change", record.provenBy.length ? `proven by ${record.provenBy.join(", ")}` : "not proven"],
    ["its commit", record.commit && el("code", {}, record.commit)],
    ["its schema", el("code", {}, record.schema)],
    ["altered", record.synthetic.join("; ")],
    ["module", el("code", {}, record.module)],
    ["archive", `${counted(archive.size, "byte")}${archive.bytecode_version === null ? "" : `, bytecode ${archive.bytecode_version}`}`],
    ["calls", archive.operators.join(", ")],
    ["SHA-256", el("code", {}, archive.sha256)],
  ]);
}
