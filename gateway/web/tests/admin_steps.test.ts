import { describe, expect, it } from 'vitest';
import { inSteps, partsOf } from '../src/admin/steps';
import { Problem } from '../src/api/problem';

const never = new AbortController().signal;

/** Gives one answer after the other; the number of ids, and whether there is more. An error is thrown. */
function answers(...given: ([number, boolean] | Error)[]) {
  const rest = [...given];
  const step = async () => {
    const next = rest.shift() ?? new Error('asked for more than there is');
    if (next instanceof Error) throw next;
    return { jobIds: Array.from({ length: next[0] }, String), more: next[1] };
  };
  return { step, rest };
}

describe('doing something to all that fit', () => {
  it('goes on while there is more, queue after queue, and tells how far it is', async () => {
    const first = answers([1000, true], [3, false]);
    const second = answers([2, false]);
    const told: number[] = [];
    const outcome = await inSteps({
      steps: [first.step, second.step],
      onDone: (done) => told.push(done),
      signal: never,
    });
    expect(outcome).toEqual({ done: 1005, left: false, stopped: false });
    expect(told).toEqual([1000, 1003, 1005]);
  });

  it('ends where a step changes none of those that it finds', async () => {
    const { step, rest } = answers([10, true], [0, true], [0, true]);
    const outcome = await inSteps({ steps: [step], onDone: () => {}, signal: never });
    expect(outcome).toEqual({ done: 10, left: true, stopped: false });
    expect(rest).toHaveLength(1);
  });

  it('stops between two steps', async () => {
    const stopper = new AbortController();
    const { step, rest } = answers([1000, true], [1000, true]);
    const outcome = await inSteps({ steps: [step], onDone: () => stopper.abort(), signal: stopper.signal });
    expect(outcome).toEqual({ done: 1000, left: false, stopped: true });
    expect(rest).toHaveLength(1);
  });

  it('tries again what fails in passing, and nothing else', async () => {
    const busy = new Problem('busy', { status: 429 });
    const patient = answers(busy, busy, [5, false]);
    const course = { onDone: () => {}, signal: never };
    expect((await inSteps({ ...course, steps: [patient.step] }, 0)).done).toBe(5);
    const broken = answers(busy, busy, busy, busy, [5, false]);
    await expect(inSteps({ ...course, steps: [broken.step] }, 0)).rejects.toBe(busy);
    const refused = new Problem('no such queue', { status: 400 });
    const wrong = answers(refused, [5, false]);
    await expect(inSteps({ ...course, steps: [wrong.step] }, 0)).rejects.toBe(refused);
    expect(wrong.rest).toHaveLength(1);
  });

  it('takes a long list in parts', () => {
    expect(partsOf([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
    expect(partsOf([], 2)).toEqual([]);
  });
});
