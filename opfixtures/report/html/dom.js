// What the data says gets onto the page here, and as text alone: no markup is ever parsed.

const SVG = "http://www.w3.org/2000/svg";

// An element. Attributes that are null or false are left out; `on` has listeners by event. Children are nodes, texts
// and lists of these.
function el(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(node, { on = {}, ...attributes }, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  for (const [event, listener] of Object.entries(on)) node.addEventListener(event, listener);
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

// Styles that are data, such as where a bar begins: the policy of the page has no style attributes.
function styled(node, properties) {
  for (const [name, value] of Object.entries(properties)) node.style.setProperty(name, value);
  return node;
}

const NUMBER = new Intl.NumberFormat("en");

function counted(number, one, many = `${one}s`) {
  return `${NUMBER.format(number)} ${number === 1 ? one : many}`;
}

// What `page` was given as `data`, and as one of its `chunks`.
function pageData() {
  return parsedBlock("data");
}

const CHUNKS = new Map();

function pageChunk(number) {
  if (!CHUNKS.has(number)) CHUNKS.set(number, parsedBlock(`chunk-${number}`));
  return CHUNKS.get(number);
}

function parsedBlock(id) {
  return JSON.parse(document.getElementById(id).textContent);
}
