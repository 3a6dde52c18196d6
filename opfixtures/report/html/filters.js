// Search, filters and order of a list, kept in the address of the page, so that what is seen can be sent to somebody.

class Filters {
  // A facet is {name, label, options: [{value, label, title, mark}], of: item => values}; within one facet any of the pressed values
  // is enough, every facet has to agree. A sort is {value, label, compare}; the first is that of the data.
  constructor({ items, text, facets, sorts, changed }) {
    Object.assign(this, { items, facets, sorts, changed });
    this.texts = items.map((item) => text(item).toLowerCase());
    // For each facet, of each item the numbers of its values, as bits.
    this.bits = facets.map((facet) => {
      const numbers = new Map(facet.options.map((option, index) => [option.value, 1 << index]));
      return items.map((item) => facet.of(item).reduce((bits, value) => bits | (numbers.get(value) || 0), 0));
    });
    this.pressed = facets.map(() => 0);
    this.sort = sorts[0].value;
    this.words = "";
  }

  // The toolbar. It counts, for every value, the items that pressing it would leave.
  nodes(what, told) {
    this.search = el("input", {
      type: "search", class: "search", placeholder: `Search ${what} (press /)`, "aria-label": `Search ${what}`, autocomplete: "off",
      spellcheck: "false", "aria-keyshortcuts": "/", on: { input: () => this.searched() },
    });
    this.buttons = this.facets.map((facet, index) => facet.options.map((option, number) => this.button(index, option, 1 << number)));
    this.order = el("select", { id: "order", on: { change: () => this.update({ sort: this.order.value }) } },
      this.sorts.map((sort) => el("option", { value: sort.value }, sort.label)));
    this.reset = el("button", { type: "button", class: "plain", on: { click: () => this.clear() } }, "Clear");
    const groups = this.facets.map((facet, index) => el("div", { class: "facet", role: "group", "aria-label": facet.label },
      el("span", { class: "facet-label", "aria-hidden": "true" }, facet.label), this.buttons[index].map((one) => one.node)));
    const order = el("label", { class: "order" }, el("span", {}, "Order"), this.order);
    const facets = el("div", { class: "facets", id: "facets" }, groups);
    // Where the list is narrow, the filters would take the whole screen.
    const more = el("button", { type: "button", class: "plain more-filters", "aria-expanded": "false", "aria-controls": "facets", on: { click: () => {
      more.setAttribute("aria-expanded", facets.classList.toggle("shown"));
    } } }, "Filters");
    return [el("div", { class: "searching" }, this.search, order, more, this.reset, told), facets];
  }

  button(facet, option, bit) {
    const count = el("span", { class: "count" });
    const press = () => {
      this.pressed[facet] ^= bit;
      this.update({});
    };
    const node = el("button", { type: "button", class: "chip", title: option.title || null, "data-value": option.value, on: { click: press } }, option.mark || null, el("span", {}, option.label), count);
    return { node, count, bit };
  }

  searched() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.update({ words: this.search.value }), 60);
  }

  clear() {
    this.pressed.fill(0);
    this.update({ words: "", sort: this.sorts[0].value });
    this.search.focus();
  }

  update(change) {
    Object.assign(this, change);
    this.show();
    this.changed();
  }

  // What is left, in its order; and the toolbar as it is.
  show() {
    const words = this.words.toLowerCase().split(/\s+/).filter(Boolean);
    const counts = this.facets.map((facet) => facet.options.map(() => 0));
    const left = [];
    this.items.forEach((item, number) => {
      if (!words.every((word) => this.texts[number].includes(word))) return;
      const missed = this.pressed.reduce((bits, pressed, facet) => (pressed && !(pressed & this.bits[facet][number]) ? bits | (1 << facet) : bits), 0);
      if (!missed) left.push(item);
      counts.forEach((count, facet) => {
        if (missed & ~(1 << facet)) return;
        for (let bits = this.bits[facet][number], at = 0; bits; bits >>>= 1, at += 1) if (bits & 1) count[at] += 1;
      });
    });
    const { compare } = this.sorts.find((sort) => sort.value === this.sort) || this.sorts[0];
    this.left = compare ? left.sort(compare) : left;
    this.tell(counts);
  }

  tell(counts) {
    this.buttons.forEach((buttons, facet) => buttons.forEach(({ node, count, bit }, index) => {
      const isPressed = Boolean(this.pressed[facet] & bit);
      node.setAttribute("aria-pressed", isPressed);
      node.disabled = !counts[facet][index] && !isPressed;
      count.textContent = NUMBER.format(counts[facet][index]);
    }));
    if (this.search.value !== this.words) this.search.value = this.words;
    this.order.value = this.sort;
    this.reset.hidden = !this.words && !this.pressed.some(Boolean) && this.sort === this.sorts[0].value;
  }

  write(parameters) {
    if (this.words) parameters.set("q", this.words);
    this.facets.forEach((facet, index) => {
      const values = facet.options.filter((option, number) => this.pressed[index] & (1 << number)).map((option) => option.value);
      if (values.length) parameters.set(facet.name, values.join(","));
    });
    if (this.sort !== this.sorts[0].value) parameters.set("sort", this.sort);
  }

  read(parameters) {
    this.words = parameters.get("q") || "";
    this.facets.forEach((facet, index) => {
      const values = (parameters.get(facet.name) || "").split(",");
      this.pressed[index] = facet.options.reduce((bits, option, number) => (values.includes(option.value) ? bits | (1 << number) : bits), 0);
    });
    const sort = parameters.get("sort");
    this.sort = this.sorts.some((one) => one.value === sort) ? sort : this.sorts[0].value;
  }
}
