import { describe, expect, it } from 'vitest';
import { limitsOf, textOf } from '../src/admin/limits_text';
import { linePath, withLook } from '../src/admin/rate_history';
import type { AuditEntry, Queue } from '../src/admin/types';
import { actSentence, limitsWords, whoOf } from '../src/words/admin';
import { formatAge, formatRate } from '../src/words/ages';

const NO_LIMITS = { maxDepth: null, maxRunning: null, maxRunningPerLane: null, rate: null };

function entry(act: string, details: Record<string, unknown>, principal = 'local'): AuditEntry {
  return { id: '1', at: '2026-01-01T00:00:00.000Z', principal, peer: '', act, details };
}

describe('ages and rates', () => {
  it.each([
    [-5, '0 s'],
    [999, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [3_600_000, '1 h'],
    [2 * 3_600_000 + 5 * 60_000, '2 h 5 min'],
    [15 * 3_600_000 + 5 * 60_000, '15 h'],
    [3 * 86_400_000, '3 d'],
  ])('%d ms are %s', (ms, words) => expect(formatAge(ms)).toBe(words));

  it.each([
    [0, '0/s'],
    [0.1, '6/min'],
    [1.25, '1.3/s'],
    [1234.5, '1,235/s'],
  ])('%d a second is %s', (rate, words) => expect(formatRate(rate)).toBe(words));
});

describe('limits', () => {
  it('go into the fields and come back as they were', () => {
    const limits = { maxDepth: 10_000, maxRunning: null, maxRunningPerLane: 2, rate: { perSecond: 0.5, burst: 3 } };
    expect(limitsOf(textOf(limits))).toEqual(limits);
    expect(limitsOf(textOf(NO_LIMITS))).toEqual(NO_LIMITS);
    expect(limitsOf({ ...textOf(limits), perSecond: ' ' }).rate).toBeNull();
  });

  it('are told shortly', () => {
    expect(limitsWords(NO_LIMITS)).toBe('none');
    expect(limitsWords({ ...NO_LIMITS, maxRunning: 8, rate: { perSecond: 10, burst: 20 } })).toBe(
      '8 at once · 10/s, bursts of 20',
    );
  });
});

describe('the audit log', () => {
  it('says what was done, with how many', () => {
    expect(actSentence(entry('PauseQueue', { queue: 'images', changed: false }))).toBe(
      'Paused the queue images, which changed nothing',
    );
    expect(
      actSentence(entry('RedriveJobs', { filter: { queue: 'images' }, redriven: { count: 1000, first: [] } })),
    ).toBe('Redrove 1,000 jobs of the queue images');
    expect(actSentence(entry('CancelJobs', { job_ids: ['a'], cancelled: ['a'] }))).toBe('Cancelled 1 job');
    expect(actSentence(entry('Unheard', {}))).toBe('Unheard');
  });

  it('says for whom a gateway acted', () => {
    expect(whoOf(entry('Reap', {}, 'operator/1f2e for 0b7c'))).toEqual({ person: '0b7c', service: 'operator/1f2e' });
    expect(whoOf(entry('Reap', {}, 'operator/1f2e'))).toEqual({ person: 'operator/1f2e', service: '' });
  });
});

describe('rates of the last minutes', () => {
  const queue = (name: string, completedRate: number) => ({ queue: name, completedRate, pending: 1 }) as Queue;
  const at = (second: number) => new Date(1_000_000 + second * 1000).toISOString();

  it('are kept for five minutes, of queues that are there', () => {
    let history = withLook(new Map(), { at: at(0), queues: [queue('a', 1), queue('b', 1)] });
    history = withLook(history, { at: at(200), queues: [queue('a', 2)] });
    history = withLook(history, { at: at(301), queues: [queue('a', 3)] });
    expect([...history.keys()]).toEqual(['a']);
    expect(history.get('a')?.map((sample) => sample.completed)).toEqual([2, 3]);
  });

  it('become a line over at least a minute, its lower edge 0', () => {
    const line = linePath(
      [
        { at: 0, value: 0 },
        { at: 30_000, value: 5 },
      ],
      100,
      10,
    );
    expect(line).toBe('M50.0 10.0L100.0 0.0');
    expect(linePath([{ at: 0, value: 1 }], 100, 10)).toBe('');
  });
});
