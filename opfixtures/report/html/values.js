// Recorded values, schemas and code, alone and side by side with what came later. `html/values.py` says what a value is.

// `other` is what it is compared with: elements that differ are marked.
function shownValue(value, other = null) {
  if (typeof value === "string") return el("code", { class: other !== null && other !== value ? "differs" : null }, value);
  if ("tensor" in value) return shownTensor(value, other);
  const form = ["list", "tuple", "dict"].find((name) => name in value);
  const others = (other && other[form]) || [];
  const items = value[form].map((item, index) => {
    if (form !== "dict") return el("li", {}, shownValue(item, others[index] ?? null));
    return el("li", {}, shownValue(item[0]), ": ", shownValue(item[1], others[index] ? others[index][1] : null));
  });
  return el("div", { class: "value" }, el("span", { class: "type" }, form), el("ol", {}, items, leftOut(value, "li")));
}

function shownTensor(value, other) {
  const isSame = other && other.tensor === value.tensor && String(other.shape) === String(value.shape);
  const differs = (index) => isSame && other.values[index] !== value.values[index];
  const type = el("span", { class: "type" }, value.tensor, " ", el("span", {}, `[${value.shape.join(", ")}]`));
  if (other && !isSame) type.classList.add("differs");
  const cells = value.values.map((text, index) => el("span", { class: differs(index) ? "differs" : null }, text));
  const width = value.shape.length > 1 ? value.shape[value.shape.length - 1] : cells.length;
  const lines = [];
  for (let start = 0; start < cells.length; start += Math.max(width, 1)) {
    lines.push(el("div", {}, cells.slice(start, start + Math.max(width, 1)).flatMap((cell, n) => (n ? [" ", cell] : [cell]))));
  }
  if (!cells.length) lines.push(el("div", { class: "quiet" }, "no elements"));
  return el("div", { class: "value" }, type, el("div", { class: "elements" }, lines, leftOut(value, "div")));
}

function leftOut(value, name) {
  return value.left_out ? el(name, { class: "quiet" }, `${counted(value.left_out, "element")} more`) : null;
}

function shownInputs(inputs) {
  if (!inputs.length) return el("p", { class: "quiet" }, "no inputs");
  const rows = inputs.map(([name, value], index) => [name || `${index}`, shownValue(value)]);
  return facts(rows);
}

// Two or more columns with a heading each; one below the other where there is no room.
function sideBySide(...columns) {
  return el("div", { class: "beside" }, columns.map(([heading, ...content]) => el("div", {}, el("h4", {}, heading), content)));
}

// A list of names and what is to be said of each; null is left out.
function facts(rows) {
  const shown = rows.filter((row) => row && row[1] !== null && row[1] !== "");
  return el("dl", { class: "facts" }, shown.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

function code(text) {
  return el("pre", { tabindex: "0" }, el("code", {}, text));
}

const MOST_WORDS = 400;

// Two lines of code, then and now, with the words marked that only one of them has.
function codeThenAndNow(then, now) {
  if (then === null || now === null || then === now) {
    return [then === null ? null : code(then), now === null ? null : code(now)];
  }
  const [old, later] = [then, now].map((text) => text.match(/\w+|\s+|[^\w\s]/g) || []);
  if (old.length > MOST_WORDS || later.length > MOST_WORDS) return [code(then), code(now)];
  const [kept, also] = common(old, later);
  return [marked(old, kept, "del"), marked(later, also, "ins")];
}

// For each of two lists of words, which of them are in their longest common part.
function common(one, other) {
  const lengths = Array.from({ length: one.length + 1 }, () => new Uint16Array(other.length + 1));
  for (let i = one.length - 1; i >= 0; i -= 1) {
    for (let j = other.length - 1; j >= 0; j -= 1) {
      const without = Math.max(lengths[i + 1][j], lengths[i][j + 1]);
      lengths[i][j] = one[i] === other[j] ? lengths[i + 1][j + 1] + 1 : without;
    }
  }
  const found = [new Set(), new Set()];
  for (let i = 0, j = 0; i < one.length && j < other.length; ) {
    if (one[i] === other[j]) {
      found[0].add(i++);
      found[1].add(j++);
    } else if (lengths[i + 1][j] >= lengths[i][j + 1]) i += 1;
    else j += 1;
  }
  return found;
}

function marked(words, kept, name) {
  const parts = [];
  for (let start = 0; start < words.length; ) {
    let end = start + 1;
    while (end < words.length && kept.has(end) === kept.has(start)) end += 1;
    const text = words.slice(start, end).join("");
    parts.push(kept.has(start) ? text : el(name, {}, text));
    start = end;
  }
  return el("pre", { tabindex: "0" }, el("code", {}, parts));
}
