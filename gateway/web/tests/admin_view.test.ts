import { describe, expect, it } from 'vitest';
import { addressOf, jobQuery, NO_FILTERS, readView } from '../src/admin/view';

const JOB = '01a21306-d0ae-73aa-afb4-b86110f2fc16';

describe('what the page shows', () => {
  it('stands in the address and is read from it again', () => {
    const filters = { state: 'failed', queue: 'images', kind: 're:size', owner: 'Ännä & co', reason: 'X' } as const;
    const view = { tab: 'jobs', filters, job: JOB } as const;
    const address = new URL(addressOf(view), 'http://gateway');
    expect(address.pathname).toBe('/admin');
    expect(readView(address.search)).toEqual(view);
  });

  it('needs no filters where no jobs are looked at', () => {
    expect(addressOf({ tab: 'queues', filters: { ...NO_FILTERS, queue: 'images' }, job: JOB })).toBe('/admin');
    expect(addressOf({ tab: 'audit', filters: NO_FILTERS, job: '' })).toBe('/admin?view=audit');
  });

  it('is the queues where the address makes no sense', () => {
    expect(readView('?view=<script>&state=ill&job=..%2F..%2Fqueues')).toEqual({
      tab: 'queues',
      filters: NO_FILTERS,
      job: '',
    });
  });

  it('asks for each state of a choice, and for nothing that was not chosen', () => {
    expect(String(jobQuery(NO_FILTERS, '', 50))).toBe('limit=50');
    const asked = jobQuery({ ...NO_FILTERS, state: 'unfinished', owner: 'a&b' }, 'c+d', 50);
    expect(asked.getAll('state')).toEqual(['pending', 'scheduled', 'processing']);
    expect(String(asked)).toContain('owner=a%26b&cursor=c%2Bd');
  });
});
