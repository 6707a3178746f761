/** A list of files with what is the matter with each: the same on every page. */

import { element, nameNode } from './dom.js';

/** @param {{filename: string, message: string, advice?: string}[]} problems */
export function renderProblems(list, problems) {
  list.replaceChildren(...problems.map(problemNode));
}

function problemNode({ filename, message, advice }) {
  const node = element('li', { class: 'problem' }, nameNode('strong', 'name', filename), element('span', {}, message));
  if (advice) node.append(element('span', { class: 'advice' }, advice));
  return node;
}
