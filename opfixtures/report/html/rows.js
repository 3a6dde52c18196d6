// A list of any length: only the rows that can be seen are on the page. It is a grid to whoever hears it, with one row in
// the order of the Tab key; arrows go from row to row.

const BEYOND = 10;

class Rows {
  // `body` is the element that gets the rows, `rowHeight` gives their height in pixels, `render(item, index)` the cells
  // of one, `open(item)` is called for a click or Enter.
  constructor({ grid, body, rowHeight, render, open }) {
    Object.assign(this, { grid, body, rowHeight, render, open });
    this.items = [];
    this.shown = new Map();
    this.active = 0;
    this.opened = null;
    this.asked = false;
    for (const event of ["scroll", "resize"]) addEventListener(event, () => this.repaintSoon(), { passive: true });
    body.addEventListener("keydown", (event) => this.pressed(event));
    body.addEventListener("click", (event) => this.clicked(event));
    body.addEventListener("focusin", (event) => this.activate(this.indexOf(event.target)));
  }

  show(items) {
    this.items = items;
    this.active = Math.min(this.active, Math.max(items.length - 1, 0));
    this.grid.setAttribute("aria-rowcount", items.length + 1);
    this.clear();
    this.paint();
  }

  clear() {
    for (const row of this.shown.values()) row.remove();
    this.shown.clear();
  }

  repaintSoon() {
    if (this.asked) return;
    this.asked = true;
    requestAnimationFrame(() => {
      this.asked = false;
      this.paint();
    });
  }

  paint() {
    const height = this.rowHeight();
    if (height !== this.height) this.clear();
    this.height = height;
    styled(this.body, { height: `${this.items.length * height}px` });
    const top = this.body.getBoundingClientRect().top;
    const first = Math.max(Math.floor(-top / height) - BEYOND, 0);
    const last = Math.min(Math.ceil((innerHeight - top) / height) + BEYOND, this.items.length);
    const wanted = new Set([this.active]);
    for (let index = first; index < last; index += 1) wanted.add(index);
    for (const [index, row] of this.shown) {
      if (!wanted.has(index)) {
        row.remove();
        this.shown.delete(index);
      }
    }
    for (const index of [...wanted].sort((one, other) => one - other)) {
      if (index < this.items.length && !this.shown.has(index)) this.add(index);
    }
  }

  // Rows stand in the page in their order: a reader of the screen goes through them so.
  add(index) {
    const attributes = { class: "row", role: "row", "aria-rowindex": index + 2, "data-index": index };
    const row = el("div", { ...attributes, tabindex: index === this.active ? "0" : "-1" }, this.render(this.items[index], index));
    if (this.items[index] === this.opened) row.setAttribute("aria-selected", "true");
    styled(row, { top: `${index * this.height}px`, height: `${this.height}px` });
    const following = [...this.body.children].find((other) => Number(other.dataset.index) > index);
    this.body.insertBefore(row, following || null);
    this.shown.set(index, row);
  }

  activate(index) {
    if (index < 0 || index === this.active) return;
    const before = this.shown.get(this.active);
    if (before) before.tabIndex = -1;
    this.active = index;
    this.paint();
    this.shown.get(index).tabIndex = 0;
  }

  // Give the row the focus, and bring it into sight.
  focus(index) {
    if (!this.items.length) return;
    this.activate(Math.min(Math.max(index, 0), this.items.length - 1));
    const row = this.shown.get(this.active);
    row.scrollIntoView({ block: "nearest" });
    row.focus({ preventScroll: true });
  }

  // Show which item is open, null for none.
  select(item) {
    this.opened = item;
    for (const [index, row] of this.shown) {
      if (this.items[index] === item) row.setAttribute("aria-selected", "true");
      else row.removeAttribute("aria-selected");
    }
  }

  indexOf(node) {
    const row = node.closest("[data-index]");
    return row ? Number(row.dataset.index) : -1;
  }

  clicked(event) {
    const index = this.indexOf(event.target);
    // Whoever marks a name to copy it wants no panel.
    if (index < 0 || String(getSelection())) return;
    this.activate(index);
    this.open(this.items[index], event.target);
  }

  pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(Math.floor((innerHeight * 0.7) / this.height), 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.key in steps) this.focus(this.active + steps[event.key]);
    else if (event.key === "Enter" || event.key === " ") this.open(this.items[this.active], event.target);
    else return;
    event.preventDefault();
  }
}
