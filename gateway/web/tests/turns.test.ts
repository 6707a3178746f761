import { describe, expect, it } from 'vitest';
import { inTurn } from '../src/api/turns';

/** Asks for things that end when they are told to, and notes in which order they begin. */
function office() {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const ask = (name: string, urgent = false, signal = new AbortController().signal) =>
    inTurn(
      () => {
        begun.push(name);
        return new Promise<string>((resolve) => ends.set(name, () => resolve(name)));
      },
      signal,
      urgent,
    );
  return { begun, ask, end: (name: string) => ends.get(name)?.() };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

describe('turns', () => {
  it('are three at a time, in order, the urgent ones first', async () => {
    const { begun, ask, end } = office();
    const asked = ['a', 'b', 'c', 'd'].map((name) => ask(name));
    asked.push(ask('urgent', true));
    await settled();
    expect(begun).toEqual(['urgent', 'a', 'b']);
    end('a');
    await settled();
    expect(begun).toEqual(['urgent', 'a', 'b', 'c']);
    for (const name of ['urgent', 'b', 'c']) end(name);
    await settled();
    end('d');
    expect(await Promise.all(asked)).toEqual(['a', 'b', 'c', 'd', 'urgent']);
  });

  it('are passed on by what nobody wants any more', async () => {
    const { begun, ask, end } = office();
    const leaving = new AbortController();
    const asked = ['a', 'b', 'c'].map((name) => ask(name));
    const unwanted = ask('unwanted', false, leaving.signal);
    const last = ask('last');
    leaving.abort();
    await settled();
    end('a');
    await expect(unwanted).rejects.toMatchObject({ name: 'AbortError' });
    await settled();
    expect(begun).toEqual(['a', 'b', 'c', 'last']);
    for (const name of ['b', 'c', 'last']) end(name);
    expect(await Promise.all([...asked, last])).toEqual(['a', 'b', 'c', 'last']);
  });
});
