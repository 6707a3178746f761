/** Every error a person can meet, from the server's problem documents or from the network, as one class. */

const UNREACHABLE = 'The server cannot be reached. Check your connection, then try again.';
const SENTENCES = new Map([
  [401, 'You are not signed in any more. Load this page again.'],
  [404, 'There is nothing at this address, or it is not yours.'],
  [413, 'That is more than the server takes in one go.'],
  [429, 'That was a lot at once. Wait a moment, then try again.'],
  [503, 'The server is busy or starting. Wait a moment, then try again.'],
]);

export class Problem extends Error {
  /**
   * @param {string} message a sentence for the person
   * @param {{status?: number, reason?: string, errors?: {filename: string, message: string}[]}} facts
   *   status 0 means that no answer came
   */
  constructor(message, { status = 0, reason = '', errors = [] } = {}) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.errors = errors;
  }

  /** Whether the same request may well succeed later. */
  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

export function unreachable() {
  return new Problem(UNREACHABLE);
}

/** Reads a problem document (RFC 9457) leniently: a proxy in between may answer with a page of its own. */
export function problemOf(status, text) {
  const told = parsed(text);
  const fallback = SENTENCES.get(status) ?? `The server answered with an error (${status}).`;
  const message = told.detail || told.title || fallback;
  const errors = Array.isArray(told.errors) ? told.errors.filter((error) => error?.message) : [];
  return new Problem(String(message), { status, reason: String(told.reason ?? ''), errors });
}

function parsed(text) {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
