/** Making and changing nodes. Text is only ever text: nothing here takes markup. */

import { shorten } from '../words/format';

const SVG = 'http://www.w3.org/2000/svg';

export function byId(id) {
  return document.getElementById(id);
}

export function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** A name that somebody else wrote: any script, any length, any direction. */
export function nameNode(tag, className, name) {
  const node = element(tag, { class: className });
  setName(node, name);
  return node;
}

export function setName(node, name) {
  const shown = shorten(name);
  node.dir = 'auto';
  node.title = shown;
  setText(node, shown);
}

/** Leaves a node alone that already says so: otherwise screen readers repeat it, and selections are lost. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Shows a number in words while keeping it whole in `<data value>`. */
export function setData(node, value, text) {
  node.value = String(value);
  setText(node, text);
}

export function show(node, visible = true) {
  node.hidden = !visible;
}
