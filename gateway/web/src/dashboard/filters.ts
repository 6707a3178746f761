/** What the dashboard counts: read from and written to the address, and turned into the API's parameters. */

import type { Bucket } from '../api/types';
import { addDays, addMonths, daysBetween, isDay } from '../charts/days';
import { timeZone } from '../words/format';

/** What is counted; "all" is everything. */
export type Kind = 'all' | 'music' | 'podcast' | 'audiobook' | 'video';
/** What a ranking is by. */
export type Measure = 'plays' | 'msPlayed';

/** `range` is a word, a year or a month; `from` and `to`, both included, count only in a custom range. */
export interface Filters {
  range: string;
  from: string;
  to: string;
  kind: Kind;
  by: Measure;
  minMs: number;
  tz: string;
}

/** From a day, which is included, to one that is not; open where undefined. */
export interface Period {
  from?: string | undefined;
  to?: string | undefined;
}

/** A first and a last day, both included. */
export interface Span {
  first: string;
  last: string;
}

const RANGE = /^(all|this-year|last-12-months|last-30-days|custom|(19|20)\d{2}(-(0[1-9]|1[0-2]))?)$/;
const BUCKETS: [number, Bucket][] = [
  [2, 'hour'],
  [100, 'day'],
  [3 * 366, 'week'],
  [30 * 366, 'month'],
];

/** Everything, in the browser's time zone, without plays of under half a minute. */
export function defaults(): Filters {
  return { range: 'all', from: '', to: '', kind: 'all', by: 'plays', minMs: 30_000, tz: timeZone() };
}

/** Reads the query of an address; what is not understood there is left at its default. */
export function readFilters(search: string): Filters {
  const query = new URLSearchParams(search);
  const usual = defaults();
  const minMs = query.get('minMs') ?? '';
  return {
    range: matching(RANGE, query.get('range'), usual.range),
    ...inOrder(dayIn(query.get('from')), dayIn(query.get('to'))),
    kind: matching(/^(all|music|podcast|audiobook|video)$/, query.get('kind'), usual.kind) as Kind,
    by: matching(/^(plays|msPlayed)$/, query.get('by'), usual.by) as Measure,
    minMs: /^\d{1,8}$/.test(minMs) ? Number(minMs) : usual.minMs,
    tz: isTimeZone(query.get('tz')) ? (query.get('tz') as string) : usual.tz,
  };
}

/** Gives "" or a query with its question mark; defaults are left out, so that addresses stay short. */
export function writeFilters(filters: Filters): string {
  const usual = defaults();
  const told = (Object.keys(usual) as (keyof Filters)[])
    .filter((name) => filters[name] !== usual[name])
    .filter((name) => filters.range === 'custom' || (name !== 'from' && name !== 'to'))
    .map((name) => [name, String(filters[name])]);
  return told.length ? `?${new URLSearchParams(told)}` : '';
}

/** The days that are meant, given today's. */
export function periodOf({ range, from, to }: Filters, today: string): Period {
  const year = Number(today.slice(0, 4));
  if (range === 'all') return {};
  if (range === 'custom') return { from: from || undefined, to: to ? addDays(to, 1) : undefined };
  if (range === 'this-year') return { from: `${year}-01-01`, to: addDays(today, 1) };
  if (range === 'last-12-months') return { from: addDays(addMonths(today, -12), 1), to: addDays(today, 1) };
  if (range === 'last-30-days') return { from: addDays(today, -29), to: addDays(today, 1) };
  if (range.length === 4) return { from: `${range}-01-01`, to: `${Number(range) + 1}-01-01` };
  return { from: `${range}-01`, to: addMonths(`${range}-01`, 1) };
}

/** The parameters that every number of the dashboard shares. */
export function parametersOf(filters: Filters, today: string) {
  const { kind, minMs, tz } = filters;
  return { ...periodOf(filters, today), minMs, tz, contentType: kind };
}

/** The days that are shown: those of the period, as far as there are plays at all; null as long as that is not known. */
export function shownSpan(period: Period, all: Span | null): Span | null {
  const first = period.from ?? all?.first;
  const last = period.to ? addDays(period.to, -1) : all?.last;
  return first && last ? { first, last } : null;
}

/** A timeline's step: fine enough for a shape, coarse enough for the eye. Left to the server where an end is open. */
export function bucketFor({ from, to }: Period): Bucket | undefined {
  if (!from || !to) return undefined;
  const days = daysBetween(from, to);
  return BUCKETS.find(([most]) => days <= most)?.[1] ?? 'year';
}

function inOrder(from: string, to: string): { from: string; to: string } {
  return from && to && from > to ? { from: to, to: from } : { from, to };
}

function dayIn(text: string | null): string {
  return text && isDay(text) ? text : '';
}

function isTimeZone(name: string | null): boolean {
  if (!name || !/^[A-Za-z0-9_+/-]{1,64}$/.test(name)) return false;
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
}

function matching(pattern: RegExp, text: string | null, otherwise: string): string {
  return text && pattern.test(text) ? text : otherwise;
}
