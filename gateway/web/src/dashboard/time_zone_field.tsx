/** By whose clocks days and hours are told. */

import { useMemo } from 'preact/hooks';
import { timeZone } from '../words/format';
import { Choice } from './choice';

/** All zones that the browser knows, the person's own first. */
export function TimeZoneField({ zone, choose }: { zone: string; choose: (zone: string) => void }) {
  const options = useMemo(() => zones(zone).map((value) => ({ value, name: value.replaceAll('_', ' ') })), [zone]);
  return <Choice id="tz" label="Time zone" value={zone} options={options} onChoose={choose} />;
}

function zones(chosen: string): string[] {
  const known = Intl.supportedValuesOf?.('timeZone') ?? [];
  return [...new Set([timeZone(), 'UTC', chosen, ...known])];
}
