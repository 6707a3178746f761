/** The one place at the top of each page where trouble is told, with a way to try again. */

import { byId, element } from './dom.js';

/**
 * @param {string} message
 * @param {{label: string, run: () => void}|null} action
 */
export function showNotice(message, action = null) {
  const notice = byId('notice');
  notice.replaceChildren(element('p', {}, message));
  if (action) notice.append(actionButton(action));
  notice.hidden = false;
}

export function clearNotice() {
  const notice = byId('notice');
  notice.hidden = true;
  notice.replaceChildren();
}

/** Says what went wrong; the button appears only where trying again may help. */
export function showProblem(problem, tryAgain) {
  if (!('passing' in problem)) console.error(problem);
  const message = 'passing' in problem ? problem.message : 'Something in this page broke. Load it again.';
  showNotice(message, tryAgain ? { label: 'Try again', run: tryAgain } : null);
}

function actionButton({ label, run }) {
  const button = element('button', { type: 'button', class: 'button', id: 'try-again' }, label);
  button.addEventListener('click', () => {
    clearNotice();
    run();
  });
  return button;
}
