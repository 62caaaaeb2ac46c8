// Finds and makes elements. Texts are set as text, never as HTML.

const SVG = "http://www.w3.org/2000/svg";

export const find = (id) => document.getElementById(id);

export function element(name, text = "", attributes = {}, children = []) {
  return fill(document.createElement(name), text, attributes, children);
}

export function svg(name, attributes = {}, text = "", children = []) {
  return fill(document.createElementNS(SVG, name), text, attributes, children);
}

export function definitions(list, entries) {
  const known = entries.filter(([, value]) => value !== null && value !== undefined && value !== "");
  list.replaceChildren(
    ...known.map(([name, value]) => element("div", "", {}, [element("dt", name), element("dd", value)])),
  );
}

function fill(node, text, attributes, children) {
  if (text !== "") node.textContent = text;
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}
