// The details of one item: beside the list where there is room, over it where there is none.

const WIDE = matchMedia("(min-width: 1000px)");

class Panel {
  // `step(by)` opens the next item or the one before, `closed` is called when it was closed.
  constructor({ step, closed }) {
    this.closed = closed;
    this.heading = el("h2", { id: "panel-title", tabindex: "-1" });
    this.content = el("div", { class: "panel-content" });
    const button = (label, text, click) => el("button", { type: "button", class: "icon", "aria-label": label, title: label, on: { click } }, text);
    this.node = el("dialog", { class: "panel", "aria-labelledby": "panel-title" },
      el("div", { class: "panel-head" }, this.heading, button("Previous", "↑", () => step(-1)), button("Next", "↓", () => step(1)), button("Close", "✕", () => this.close())),
      this.content);
    this.node.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      this.close();
    });
    this.node.addEventListener("cancel", (event) => event.preventDefault());
    WIDE.addEventListener("change", () => this.node.open && this.open());
  }

  show(title, nodes, target = null) {
    this.heading.replaceChildren(title);
    this.content.replaceChildren(...nodes.flat(Infinity).filter(Boolean));
    if (!this.node.open) this.open();
    this.node.scrollTop = 0;
    const wanted = target && this.content.querySelector(target);
    if (wanted) wanted.scrollIntoView({ block: "start" });
    this.heading.focus({ preventScroll: true });
  }

  open() {
    if (this.node.open) this.node.close();
    if (WIDE.matches) this.node.show();
    else this.node.showModal();
    document.body.classList.toggle("with-panel", WIDE.matches);
  }

  close() {
    if (!this.node.open) return;
    this.node.close();
    document.body.classList.remove("with-panel");
    this.closed();
  }
}

function section(title, ...content) {
  const shown = content.flat(Infinity).filter(Boolean);
  return shown.length ? el("section", {}, el("h3", {}, title), shown) : null;
}
