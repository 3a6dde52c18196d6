// What a sweep found: a row an operator, and what it gave then and gives now in the panel.

const SWEEP = pageData();
const MARKS = {
  crash: ["cross", "bad"], gone: ["barred", "bad"], load: ["cross", "bad"], raises: ["triangle", "bad"],
  dtype: ["square", "warn"], shape: ["square", "warn"], values: ["square", "warn"],
  "refused-input": ["half", "info"], "not-unique": ["half", "quiet"], same: ["check", "good"], "no-model": ["dashed", "quiet"],
};
const ORDER = Object.keys(MARKS);
const MOST_NAMESPACES = 30;

function kind(status) {
  const [shape, tone] = MARKS[status];
  return badge(shape, tone, status);
}

function namespaceOf(item) {
  return item.operator.split("::")[0];
}

// `other` is what it is compared with: elements that differ are marked.
function outcome(told, other = null) {
  if (!told) return el("p", { class: "quiet" }, "nothing came of it");
  if ("raises" in told) return code(told.raises);
  const before = other && "output" in other ? other.output : null;
  return [shownValue(told.output, before), told.after ? [el("h4", {}, "Inputs after the run"), shownInputs(told.after)] : null];
}

function outcomes({ then, now }) {
  return sideBySide([SWEEP.old, outcome(then)], [SWEEP.new, outcome(now, then)]);
}

function details(item) {
  return {
    title: item.operator,
    nodes: [
      el("p", {}, kind(item.status), " ", item.versioned ? "the version map has it" : "no entry of the version map says so"),
      item.detail ? section("What changed", code(item.detail)) : null,
      item.inputs ? section("Inputs", shownInputs(item.inputs)) : null,
      item.then || item.now ? section("Then and now", outcomes(item)) : null,
      item.then_schema ? section("Schema", codeThenAndNow(item.then_schema, item.now_schema)) : null,
      item.witness ? section("See it yourself", code(item.witness)) : null,
    ],
  };
}

const changed = SWEEP.operators.filter((one) => SWEEP.changed.includes(one.status)).length;
const namespaces = [...new Set(SWEEP.operators.map(namespaceOf))].slice(0, MOST_NAMESPACES);

browse({
  title: `${SWEEP.old} against ${SWEEP.new}`,
  subtitle: `${counted(changed, "operator")} of ${NUMBER.format(SWEEP.operators.length)} changed, ${NUMBER.format(SWEEP.with_model)} have a model`,
  above: [],
  below: SWEEP.left_out.length
    ? [el("details", { class: "left-out" }, el("summary", {}, `${counted(SWEEP.left_out.length, "operator")} left out`), facts(SWEEP.left_out_by_reason), facts(SWEEP.left_out))]
    : [],
  what: "operators",
  one: "operator",
  items: SWEEP.operators,
  key: (item) => item.operator,
  search: (item) => `${item.operator} ${item.detail}`,
  facets: [
    {
      name: "kind", label: "Kind", of: (item) => [item.status],
      options: SWEEP.statuses.map((status) => ({ value: status, label: status, mark: mark(...MARKS[status], 14) })),
    },
    ...(namespaces.length > 1
      ? [{ name: "namespace", label: "Namespace", of: (item) => [namespaceOf(item)], options: namespaces.map((one) => ({ value: one, label: one })) }]
      : []),
    {
      name: "map", label: "Version map", of: (item) => [item.versioned ? "yes" : "no"],
      options: [{ value: "yes", label: "has it" }, { value: "no", label: "has it not" }],
    },
  ],
  sorts: [
    { value: "kind", label: "Worst first" },
    { value: "name", label: "Name", compare: (one, other) => one.operator.localeCompare(other.operator) || ORDER.indexOf(one.status) - ORDER.indexOf(other.status) },
  ],
  columns: [["kind", "Kind"], ["operator", "Operator"], ["detail", "What changed"]],
  cells: (item) => [kind(item.status), el("code", {}, item.operator), item.short],
  rowHeight: (isNarrow) => (isNarrow ? 64 : 36),
  details,
});
