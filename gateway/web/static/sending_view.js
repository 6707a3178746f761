/** What is shown while bytes go out: a bar, numbers, and a way to stop. */

import { byId, setText, show } from './dom.js';
import { formatBytes, plural, shorten } from './format.js';

export class SendingView {
  #stopper = null;

  constructor() {
    byId('cancel-sending').addEventListener('click', () => this.#stopper?.abort());
    window.addEventListener('beforeunload', (event) => this.active && event.preventDefault());
  }

  get active() {
    return this.#stopper !== null;
  }

  /** @returns {AbortSignal} fires when the person stops it */
  begin() {
    this.#stopper = new AbortController();
    this.#toggle(true);
    this.say('Sending');
    byId('cancel-sending').focus();
    return this.#stopper.signal;
  }

  end() {
    if (!this.active) return;
    this.#stopper = null;
    this.#toggle(false);
    this.say('');
    byId('file-input').focus();
  }

  /** All is sent and the page is being left: nothing asks "really?" any more, and the bar stays until it is gone. */
  letGo() {
    this.#stopper = null;
  }

  /** @param {number} sent @param {number} total bytes over all requests */
  show(sent, total, { files }) {
    const what = files.length === 1 ? shorten(files[0].name, 60) : plural(files.length, 'file');
    setText(byId('sending-title'), `Sending ${what}`);
    if (sent >= total) this.#waitForAnswer();
    else this.#progress(sent, total);
  }

  /** For screen readers: the numbers on the screen change too often to be read out. */
  say(sentence) {
    setText(byId('send-state'), sentence);
  }

  #progress(sent, total) {
    byId('send-progress').max = total;
    byId('send-progress').value = sent;
    setText(byId('send-numbers'), `${formatBytes(sent)} of ${formatBytes(total)}`);
  }

  #waitForAnswer() {
    byId('send-progress').removeAttribute('value');
    setText(byId('send-numbers'), 'All sent. The server is looking at it …');
    this.say('All sent. The server is looking at it.');
  }

  #toggle(active) {
    show(byId('sending'), active);
    show(byId('drop-zone'), !active);
  }
}
