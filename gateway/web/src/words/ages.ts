/** How long something has lasted and how often it happens, shortly: for tables that are read at a glance. */

import { formatCount, formatDecimal } from './format';

const UNITS: [string, number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
];

/** "3 d", "2 h 5 min", "4 min", "38 s"; what lies in the future is "0 s". */
export function formatAge(ms: number): string {
  const [unit, size] = UNITS.find(([, size]) => ms >= size) ?? ['s', 1000];
  const whole = Math.max(0, Math.floor(ms / size));
  const minutes = Math.floor((ms % 3_600_000) / 60_000);
  return unit === 'h' && whole < 10 && minutes ? `${whole} h ${minutes} min` : `${formatCount(whole)} ${unit}`;
}

/** "12/s", "3.4/s", "6/min" where that reads better, "0/s". */
export function formatRate(perSecond: number): string {
  if (perSecond >= 1 || perSecond < 1 / 600) return `${formatDecimal(perSecond)}/s`;
  return `${formatDecimal(perSecond * 60)}/min`;
}
