import { describe, expect, it } from 'vitest';
import {
  bucketFor,
  defaults,
  type Filters,
  parametersOf,
  periodOf,
  readFilters,
  shownSpan,
  writeFilters,
} from '../src/dashboard/filters';

const TODAY = '2024-03-31';
const of = (wanted: Partial<Filters>): Filters => ({ ...defaults(), ...wanted });

describe('filters in the address', () => {
  it('are the usual ones where nothing is said, and then nothing is written', () => {
    expect(readFilters('')).toEqual(defaults());
    expect(writeFilters(defaults())).toBe('');
  });

  it.each<Partial<Filters>>([
    { range: '2023' },
    { range: '2023-05', kind: 'podcast' },
    { range: 'custom', from: '2024-01-05', to: '2024-02-01', by: 'msPlayed' },
    { minMs: 0, tz: 'Asia/Kathmandu' },
    { range: 'last-30-days', kind: 'audiobook' },
  ])('come back as they were: %o', (wanted) => {
    expect(readFilters(writeFilters(of(wanted)))).toEqual(of(wanted));
  });

  it('leave out days that do not count', () => {
    expect(writeFilters(of({ range: '2023', from: '2024-01-05' }))).toBe('?range=2023');
  });

  it('leave at its default what they do not understand', () => {
    const nonsense = '?range=1&from=2023-02-31&by=name&minMs=-1&kind=films&tz=Europe/Nowhere';
    expect(readFilters(nonsense)).toEqual(defaults());
  });

  it('put days in order', () => {
    expect(readFilters('?range=custom&from=2024-03-01&to=2024-01-01')).toMatchObject({
      from: '2024-01-01',
      to: '2024-03-01',
    });
  });
});

describe('the period', () => {
  it.each([
    ['all', {}],
    ['2023', { from: '2023-01-01', to: '2024-01-01' }],
    ['2023-12', { from: '2023-12-01', to: '2024-01-01' }],
    ['this-year', { from: '2024-01-01', to: '2024-04-01' }],
    ['last-30-days', { from: '2024-03-02', to: '2024-04-01' }],
    ['last-12-months', { from: '2023-04-01', to: '2024-04-01' }],
  ])('of %s does not include its end', (range, period) => {
    expect(periodOf(of({ range }), TODAY)).toEqual(period);
  });

  it('of one’s own includes its last day, and is open where nothing is said', () => {
    expect(periodOf(of({ range: 'custom', from: '2024-01-05', to: '2024-01-05' }), TODAY)).toEqual({
      from: '2024-01-05',
      to: '2024-01-06',
    });
    expect(periodOf(of({ range: 'custom' }), TODAY)).toEqual({ from: undefined, to: undefined });
  });

  it('is what the API is asked for, with the rest', () => {
    expect(parametersOf(of({ range: '2023', kind: 'music', minMs: 0, tz: 'UTC' }), TODAY)).toEqual({
      from: '2023-01-01',
      to: '2024-01-01',
      contentType: 'music',
      minMs: 0,
      tz: 'UTC',
    });
  });

  it('reaches as far as there are plays where it is open', () => {
    expect(shownSpan({}, { first: '2020-01-02', last: '2024-03-04' })).toEqual({
      first: '2020-01-02',
      last: '2024-03-04',
    });
  });

  it('is not known where it is open and nothing is known of the plays', () => {
    expect(shownSpan({ from: '2024-01-01' }, null)).toBeNull();
    expect(shownSpan({ from: '2024-01-01', to: '2024-01-03' }, null)).toEqual({
      first: '2024-01-01',
      last: '2024-01-02',
    });
  });

  it('has buckets by its length, the server’s where it is open', () => {
    const bucket = (to: string | undefined) => bucketFor({ from: '2024-01-01', to });
    expect(['2024-01-03', '2024-03-01', '2025-01-01', '2030-01-01', '2060-01-01', undefined].map(bucket)).toEqual([
      'hour',
      'day',
      'week',
      'month',
      'year',
      undefined,
    ]);
  });
});
