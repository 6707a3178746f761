/** Follows an upload to its end: by events, and by asking every two seconds where events do not come through. */

import { getJson } from './api.js';
import { serverSentEvents } from './events.js';
import { ENDED } from './words.js';

// The first event is the upload as it is, so it comes at once or is being held back.
const FIRST_MS = 5_000;
const SILENCE_MS = 20_000;
const POLL_MS = 2_000;
const POLLS_BEFORE_EVENTS = 15;
// A stream that ends early is normal (a function is given 25 s); one that ends at once must not become a storm.
const RECONNECT_MS = 500;

/**
 * Ends when the upload has ended.
 * @param {string} id
 * @param {{onUpload: (upload: object) => void, onConnection: (connected: boolean) => void}} tell
 * @throws {Problem} where waiting would not help: no such upload, not signed in
 */
export async function watchUpload(id, tell) {
  const watch = new Watch(`/api/uploads/${encodeURIComponent(id)}`, tell);
  while (!watch.ended) {
    const brought = await watch.follow();
    if (watch.ended) return;
    if (brought) await pause(RECONNECT_MS);
    else await watch.poll();
  }
}

class Watch {
  constructor(path, tell) {
    this.path = path;
    this.tell = tell;
    this.lastEventId = '';
    this.ended = false;
  }

  /** One stream to its end. @returns {Promise<boolean>} whether it brought anything */
  async follow() {
    let brought = false;
    const options = { lastEventId: this.lastEventId, firstMs: FIRST_MS, silenceMs: SILENCE_MS };
    try {
      for await (const event of serverSentEvents(`${this.path}/events`, options)) {
        brought = this.#take(event) || brought;
        if (this.ended) break;
      }
    } catch (problem) {
      if (!problem.passing) throw problem;
    }
    return brought;
  }

  async poll() {
    for (let count = 0; count < POLLS_BEFORE_EVENTS && !this.ended; count += 1) {
      await this.#ask();
      if (!this.ended) await pause(POLL_MS);
    }
  }

  async #ask() {
    try {
      this.#tellUpload(await getJson(`${this.path}/status`));
    } catch (problem) {
      if (!problem.passing) throw problem;
      this.tell.onConnection(false);
    }
  }

  #take({ id, data }) {
    this.lastEventId = id;
    const upload = parsed(data);
    if (!upload?.status || !upload.id) return false;
    this.#tellUpload(upload);
    return true;
  }

  #tellUpload(upload) {
    this.ended = ENDED.has(upload.status);
    this.tell.onConnection(true);
    this.tell.onUpload(upload);
  }
}

function parsed(data) {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
