/** From values to shades and names. */

/** One of `shades` steps from 1 up for a value, 0 for nothing. By its root, so that small values can be told apart. */
export function shadeOf(value: number, most: number, shades: number): number {
  if (value <= 0 || most <= 0) return 0;
  return Math.min(shades, Math.max(1, Math.ceil(Math.sqrt(value / most) * shades)));
}

/** "23 %", "0.4 %": one decimal where a whole number would say nothing. */
export function formatShare(part: number, whole: number): string {
  const percent = whole > 0 ? (100 * part) / whole : 0;
  if (percent === 0 || percent >= 10) return `${Math.round(percent)} %`;
  return percent < 0.1 ? 'under 0.1 %' : `${percent.toFixed(1)} %`;
}

/** Time in hours, or in minutes where hours would be fractions. */
export function timeUnit(mostMs: number): { unit: string; ms: number } {
  return mostMs >= 3 * 3_600_000 ? { unit: 'Hours', ms: 3_600_000 } : { unit: 'Minutes', ms: 60_000 };
}
