/** Sends an upload's requests one after the other, and can go on where it was interrupted. */

import { sendForm } from './send_form.js';

export class SendQueue {
  /**
   * @param {{path: string, field: string, files: File[], key: string}[]} requests
   * @param {{filename: string, message: string}[]} refused what the page refused already
   */
  constructor(requests, refused) {
    this.waiting = [...requests];
    this.refused = [...refused];
    this.ids = [];
    this.totalBytes = sum(requests.flatMap((request) => request.files).map((file) => file.size));
    this.doneBytes = 0;
  }

  /**
   * Ends when nothing waits any more. What the server refuses for good is noted in `refused`; anything else
   * is thrown, and a second run repeats that request under its own key, which is harmless.
   * @param {{onSent: (bytes: number, request: object) => void, signal: AbortSignal}} options
   */
  async run({ onSent, signal }) {
    while (this.waiting.length) {
      const [request] = this.waiting;
      const bytes = sum(request.files.map((file) => file.size));
      onSent(this.doneBytes, request);
      // What goes over the wire is a little more than the files: headings of the parts.
      const sent = (loaded) => onSent(this.doneBytes + Math.min(loaded, bytes), request);
      await this.#send(request, sent, signal);
      this.waiting.shift();
      this.doneBytes += bytes;
    }
  }

  async #send(request, onSent, signal) {
    try {
      const answer = await sendForm(request.path, { ...request, onSent, signal });
      this.ids.push(answer.uploadJobId);
    } catch (problem) {
      const final = problem.status >= 400 && !problem.passing && problem.status !== 401;
      if (!final) throw problem;
      this.refused.push(...refusalsOf(problem, request));
    }
  }
}

/** The problem's own sentence is about the request; of an archive it tells more than its members' reasons do. */
function refusalsOf({ message, errors }, { files }) {
  const own = files.map((file) => ({ filename: file.name, message }));
  if (files.length > 1) return errors.length ? errors : own;
  return [...own, ...errors.filter((error) => error.message !== message)];
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
