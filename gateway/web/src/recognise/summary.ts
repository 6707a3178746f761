/** What was recognised, gathered by the archive or folder that it lay in, with a name for each. */

import { plural } from '../words/format';
import type { FormatName } from './heads';
import type { Found, LeftOut, Looked } from './look';

const TITLES: Record<FormatName, string> = {
  extended: 'Extended streaming history',
  account_music: 'Account data',
  account_podcast: 'Account data',
  account_audiobook: 'Account data',
  listenbrainz: 'ListenBrainz',
  empty: 'A history without plays',
};

/** One archive, folder, or the files dropped by themselves (an empty `from`). */
export interface Package {
  from: string;
  /** "Account data and extended streaming history", or what an archive without a history is. */
  title: string;
  found: Found[];
  bytes: number;
  left: LeftOut[];
  /** "162 other files stay here: technical log, your payments"; empty where there are none. */
  others: string;
}

/** Gathers what belongs together: first what holds histories, in the order in which it was dropped. */
export function packagesOf({ found, left }: Looked): Package[] {
  const names = [...new Set([...found, ...left].map(({ from }) => from))];
  return names.map((from) => {
    const own = found.filter((each) => each.from === from);
    const others = left.filter((each) => each.from === from);
    return {
      from,
      title: titleOf(own, others),
      found: own,
      bytes: own.reduce((sum, { size }) => sum + size, 0),
      left: others.filter(({ broken }) => broken),
      others: othersSentence(others.filter(({ broken }) => !broken)),
    };
  });
}

function titleOf(found: Found[], left: LeftOut[]): string {
  const titles = [...new Set(found.filter(({ format }) => format !== 'empty').map(({ format }) => TITLES[format]))];
  if (titles.length) return titles.map((title, index) => (index ? lowered(title) : title)).join(' and ');
  if (found.length) return TITLES.empty;
  const log = left.filter(({ kind }) => kind === 'technical log').length;
  if (log > left.length / 2) return 'Technical log: no listening history in it';
  if (left.some(({ broken }) => broken)) return 'Nothing that can be read';
  return 'No listening history in it';
}

const lowered = (title: string): string =>
  title === 'ListenBrainz' ? title : title[0]?.toLowerCase() + title.slice(1);

function othersSentence(left: LeftOut[]): string {
  if (!left.length) return '';
  const kinds = [...new Set(left.map(({ kind }) => kind).filter((kind) => kind !== null))];
  const told = kinds.length ? `: ${kinds.slice(0, 6).join(', ')}${kinds.length > 6 ? ' and more' : ''}` : '';
  return `${plural(left.length, 'other file stays', 'other files stay')} here${told}`;
}
