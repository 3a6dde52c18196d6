// Marks that say what came of something by shape and by colour: either alone is enough.

const SHAPES = {
  check: [circle(7, "solid"), stroke("M4.6 8.3 7 10.6 11.4 5.8")],
  cross: [path("M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1z"), stroke("M5.5 5.5l5 5m0-5-5 5")],
  square: [path("M2 2h12v12H2z"), stroke("M8 4.6v4.2M8 11.3v.2")],
  diamond: [path("M8 .6 15.4 8 8 15.4.6 8z"), stroke("M5.4 8.2l1.9 1.8 3.4-3.7")],
  triangle: [path("M8 1.2 15.4 14.4H.6z"), stroke("M8 5.8v4M8 12.2v.2")],
  half: [circle(6.2, "line"), path("M8 1.8a6.2 6.2 0 0 0 0 12.4z")],
  barred: [circle(7, "solid"), stroke("M4.4 8h7.2")],
  ring: [circle(5.6, "line")],
  dashed: [circle(5.6, "line dashes")],
  plus: [circle(7, "solid"), stroke("M8 4.6v6.8M4.6 8h6.8")],
};

function circle(r, kind) {
  return ["circle", { cx: 8, cy: 8, r, class: kind }];
}

function path(d) {
  return ["path", { d, class: "solid" }];
}

function stroke(d) {
  return ["path", { d, class: "cut" }];
}

// A mark of 16 x 16. `tone` is one of good, accepted, info, warn, bad, quiet. A reader of the screen hears the text beside it.
function mark(shape, tone, size = 16) {
  const parts = SHAPES[shape].map(([name, attributes]) => svg(name, attributes));
  return svg("svg", { class: `mark ${tone}`, viewBox: "0 0 16 16", width: size, height: size, "aria-hidden": "true" }, parts);
}

// A mark with its word.
function badge(shape, tone, text) {
  return el("span", { class: "badge" }, mark(shape, tone, 14), text);
}
