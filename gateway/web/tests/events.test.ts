import { describe, expect, it } from 'vitest';
import { parsed } from '../src/api/events';

async function eventsOf(...chunks: string[]) {
  async function* given() {
    yield* chunks;
  }
  const events = [];
  for await (const event of parsed(given())) events.push(event);
  return events;
}

describe('server-sent events', () => {
  it('are read wherever the chunks are cut', async () => {
    const [first, second] = await eventsOf('id: 1\r', '\nda', 'ta: a\ndata: b\n\n', ': still there\n\ndata:c\r\n\r\n');
    expect(first).toEqual({ id: '1', event: 'message', data: 'a\nb' });
    expect(second).toEqual({ id: '1', event: 'message', data: 'c' });
  });

  it('end with a blank line, and without one are not told', async () => {
    expect(await eventsOf('data: whole\n\ndata: cut')).toHaveLength(1);
  });
});
