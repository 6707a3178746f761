/** Server-sent events over fetch, because EventSource cannot carry a token in a header. */

import { Problem, unreachable } from './problem';
import { request } from './request';

/** One event of a stream. */
export interface ServerSentEvent {
  id: string;
  event: string;
  data: string;
}

interface StreamOptions {
  lastEventId: string;
  /** A stream that brings no byte for so long at its beginning is taken for dead: a proxy may hold it back. */
  firstMs: number;
  /** The same, later on. */
  silenceMs: number;
  signal?: AbortSignal;
}

/**
 * Opens a stream and yields its events until the server ends it or the caller stops listening.
 * @throws {Problem} a passing one where the stream breaks
 */
export async function* serverSentEvents(path: string, options: StreamOptions): AsyncGenerator<ServerSentEvent> {
  const stopper = new AbortController();
  const stop = () => stopper.abort();
  options.signal?.addEventListener('abort', stop);
  try {
    const response = await within(options.firstMs, stopper, open(path, options.lastEventId, stopper.signal));
    if (response.body) yield* parsed(texts(response.body.getReader(), options, stopper));
  } finally {
    options.signal?.removeEventListener('abort', stop);
    stopper.abort();
  }
}

function open(path: string, lastEventId: string, signal: AbortSignal): Promise<Response> {
  const headers = { Accept: 'text/event-stream', ...(lastEventId && { 'Last-Event-ID': lastEventId }) };
  return request(path, { headers, signal, cache: 'no-store' });
}

async function* texts(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  { firstMs, silenceMs }: StreamOptions,
  stopper: AbortController,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for (let patience = firstMs; ; patience = silenceMs) {
    const { done, value } = await within(patience, stopper, reader.read());
    if (done) return;
    yield decoder.decode(value, { stream: true });
  }
}

async function within<T>(ms: number, stopper: AbortController, promise: Promise<T>): Promise<T> {
  const timer = setTimeout(() => stopper.abort(), ms);
  try {
    return await promise;
  } catch (error) {
    throw error instanceof Problem ? error : unreachable();
  } finally {
    clearTimeout(timer);
  }
}

interface Gathered {
  id: string;
  event: string;
  data: string[];
}

/** Events as the HTML standard defines them: lines by CR, LF or both, fields by colon, a blank line ends one. */
export async function* parsed(chunks: AsyncIterable<string>): AsyncGenerator<ServerSentEvent> {
  let rest = '';
  let event = emptyEvent('');
  for await (const chunk of chunks) {
    // A CR at the very end may be half of a CRLF: it waits for the next chunk.
    const lines = (rest + chunk).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
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

function emptyEvent(id: string): Gathered {
  return { id, event: 'message', data: [] };
}

function addField(event: Gathered, line: string): void {
  const [, name, value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
  if (name === 'data') event.data.push(value);
  else if (name === 'id' || name === 'event') event[name] = value;
}
