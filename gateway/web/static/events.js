/** Server-sent events over fetch, because EventSource cannot carry a token in a header. */

import { request } from './api.js';
import { Problem, unreachable } from './problem.js';

/**
 * Opens a stream and yields its events until the server ends it or the caller stops listening.
 * @param {string} path
 * @param {{lastEventId: string, firstMs: number, silenceMs: number}} options a stream that brings no byte for `firstMs`
 *   at its beginning or for `silenceMs` later is taken for dead (a proxy may hold it back) and given up
 * @yields {{id: string, event: string, data: string}}
 * @throws {Problem} a passing one where the stream breaks
 */
export async function* serverSentEvents(path, { lastEventId, firstMs, silenceMs }) {
  const stopper = new AbortController();
  try {
    const response = await within(firstMs, stopper, open(path, lastEventId, stopper.signal));
    yield* parsed(texts(response.body.getReader(), { firstMs, silenceMs, stopper }));
  } finally {
    stopper.abort();
  }
}

function open(path, lastEventId, signal) {
  const headers = { Accept: 'text/event-stream', ...(lastEventId && { 'Last-Event-ID': lastEventId }) };
  return request(path, { headers, signal, cache: 'no-store' });
}

async function* texts(reader, { firstMs, silenceMs, stopper }) {
  const decoder = new TextDecoder();
  for (let patience = firstMs; ; patience = silenceMs) {
    const { done, value } = await within(patience, stopper, reader.read());
    if (done) return;
    yield decoder.decode(value, { stream: true });
  }
}

async function within(ms, stopper, promise) {
  const timer = setTimeout(() => stopper.abort(), ms);
  try {
    return await promise;
  } catch (error) {
    throw error instanceof Problem ? error : unreachable();
  } finally {
    clearTimeout(timer);
  }
}

/** Events as the HTML standard defines them: lines by CR, LF or both, fields by colon, a blank line ends one. */
async function* parsed(chunks) {
  let rest = '';
  let event = emptyEvent('');
  for await (const chunk of chunks) {
    // A CR at the very end may be half of a CRLF: it waits for the next chunk.
    const lines = (rest + chunk).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop();
    for (const line of lines) {
      if (line) {
        addField(event, line);
        continue;
      }
      if (event.data.length) yield { ...event, data: event.data.join('\n') };
      event = emptyEvent(event.id);
    }
  }
}

function emptyEvent(id) {
  return { id, event: 'message', data: [] };
}

function addField(event, line) {
  const [, name, value] = /^([^:]*):? ?([^]*)$/.exec(line);
  if (name === 'data') event.data.push(value);
  else if (name === 'id' || name === 'event') event[name] = value;
}
