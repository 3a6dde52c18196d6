// A page with a list that can be searched and filtered, and the details of each item in a panel.
//
// browse({
//   title, subtitle,          texts or nodes
//   above: [],                nodes between the title and the list
//   below: [],                nodes after the list
//   what: "operators",        what the items are, in the plural
//   one: "operator",
//   items,                    any objects
//   key: (item) => text,      what names an item in the address of the page
//   search: (item) => text,   where words are looked for
//   facets, sorts,            see filters.js; at most 30 options a facet
//   columns: [["class", "Heading" or a node]],
//   cells: (item) => [...],   a node for each column
//   narrow,                   a list of fewer pixels has several lines a row: what `@container` says in the style sheet
//   rowHeight: (isNarrow) => pixels,
//   details: (item) => ({title, nodes}),
//   target: (node, item) => a selector in the details, for a click on that node, or null
// })

function browse(page) {
  const told = el("p", { class: "told", role: "status" });
  const head = el("div", { class: "row head", role: "row", "aria-rowindex": "1" },
    page.columns.map(([name, heading]) => el("div", { class: `cell ${name}`, role: "columnheader" }, heading)));
  const body = el("div", { class: "rows", role: "rowgroup" });
  const grid = el("div", { class: "grid", role: "grid", "aria-label": page.what, "aria-readonly": "true" },
    el("div", { class: "head-group", role: "rowgroup" }, head), body);
  const empty = el("p", { class: "empty", hidden: true }, `No ${page.what} match.`);
  let opened = null;

  const rows = new Rows({
    grid, body,
    rowHeight: () => page.rowHeight(grid.offsetWidth < page.narrow),
    render: (item) => page.cells(item).map((cell, index) => el("div", { class: `cell ${page.columns[index][0]}`, role: "gridcell" }, cell)),
    open: (item, node) => open(item, page.target ? page.target(node, item) : null),
  });
  const filters = new Filters({ ...page, text: page.search, changed: () => { list(); remember(); } });
  const panel = new Panel({
    step: (by) => step(by),
    closed: () => {
      const index = rows.items.indexOf(opened);
      opened = null;
      rows.select(null);
      remember();
      rows.focus(index < 0 ? rows.active : index);
    },
  });

  function list() {
    rows.show(filters.left);
    empty.hidden = filters.left.length > 0;
    grid.hidden = !filters.left.length;
    const all = counted(page.items.length, page.one, page.what);
    told.textContent = filters.left.length === page.items.length ? all : `${NUMBER.format(filters.left.length)} of ${all}`;
  }

  function open(item, target = null) {
    opened = item;
    const { title, nodes } = page.details(item);
    panel.show(title, nodes, target);
    rows.select(item);
    rows.repaintSoon();
    remember();
  }

  function step(by) {
    const index = rows.items.indexOf(opened) + by;
    if (index < 0 || index >= rows.items.length) return;
    bring(index, "nearest");
    open(rows.items[index]);
  }

  function remember() {
    const parameters = new URLSearchParams();
    filters.write(parameters);
    if (opened) parameters.set("open", page.key(opened));
    const text = parameters.toString();
    try {
      history.replaceState(null, "", text ? `#${text}` : `${location.pathname}${location.search}`);
    } catch {
      // A viewer may show the page in a frame that has no address of its own.
    }
  }

  function recall() {
    const parameters = new URLSearchParams(location.hash.slice(1));
    filters.read(parameters);
    filters.show();
    list();
    const named = parameters.get("open");
    const item = named === null ? null : page.items.find((one) => page.key(one) === named);
    if (!item) return;
    open(item);
    bring(rows.items.indexOf(item), "center");
  }

  function bring(index, block) {
    if (index < 0) return;
    rows.activate(index);
    rows.shown.get(index).scrollIntoView({ block });
  }

  document.addEventListener("keydown", (event) => {
    const isWriting = event.target.closest("input, select, textarea");
    if (event.key === "/" && !isWriting && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      filters.search.focus();
    }
    if (event.target === filters.search && event.key === "ArrowDown" && rows.items.length) {
      event.preventDefault();
      rows.focus(0);
    }
  });
  addEventListener("hashchange", recall);

  document.body.append(
    el("header", { class: "top" }, el("h1", {}, page.title), el("p", { class: "subtitle" }, page.subtitle)),
    el("main", {}, page.above,
      el("section", { class: "browser", "aria-label": page.what }, el("div", { class: "toolbar" }, filters.nodes(page.what, told)), grid, empty),
      page.below),
    panel.node);
  recall();
  document.documentElement.dataset.ready = "true";
}
