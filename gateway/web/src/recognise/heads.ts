/**
 * What a file is, told from its first bytes, by the rules of the package export_formats: a row counts as soon as it
 * has the keys of a known format, and rows of another shape before it are passed over. The server judges again.
 */

/** How much of a file is looked at. */
export const HEAD_BYTES = 65_536;

/** The formats by the names that the API has for them. */
export type FormatName =
  | 'extended'
  | 'account_music'
  | 'account_podcast'
  | 'account_audiobook'
  | 'listenbrainz'
  | 'empty';

interface Format {
  name: FormatName;
  needs: string[];
  anyOf: string[];
}

// A row belongs to the first that it fits: all of `needs`, one of `anyOf`.
const FORMATS: Format[] = [
  { name: 'extended', needs: ['ts'], anyOf: ['ms_played', 'master_metadata_track_name', 'spotify_track_uri'] },
  { name: 'account_music', needs: ['endTime'], anyOf: ['artistName', 'trackName'] },
  { name: 'account_podcast', needs: ['endTime'], anyOf: ['podcastName', 'episodeName'] },
  { name: 'account_audiobook', needs: ['endTime'], anyOf: ['audiobookName', 'chapterName'] },
  { name: 'listenbrainz', needs: ['listened_at'], anyOf: ['track_metadata'] },
];
const IN_LINES: Format[] = FORMATS.filter(({ name }) => name === 'listenbrainz');

/** Why a file is no history: for the person, a sentence; `broken` files may have been meant as one. */
export interface NoHistory {
  broken: boolean;
  why: string;
}

/** Tells the format of a file, or why it has none. `complete`: the bytes are all of it. */
export function recogniseHead(bytes: Uint8Array, complete: boolean): FormatName | NoHistory {
  const text = decoded(bytes).trimStart();
  if (!text) return { broken: true, why: 'The file is empty. Take it from the export again.' };
  if (complete && /^\[\s*\]\s*$/.test(text)) return 'empty';
  const isList = text.startsWith('[');
  const readable = (isList || text.startsWith('{')) && (!complete || isJson(text, isList));
  const found = formatOf(text, isList);
  if (found && (readable || !complete)) return found;
  return readable
    ? { broken: false, why: 'The file is no listening history: none of its first rows is a play.' }
    : { broken: true, why: 'The file is not JSON, or damaged.' };
}

function formatOf(text: string, isList: boolean): FormatName | null {
  const among = isList ? FORMATS : IN_LINES;
  for (const { keys, whole, first } of rows(text, isList ? 1 : 0)) {
    const found = among.find((format) => fits(format, keys)) ?? (first && !whole ? bestOf(among, keys) : undefined);
    if (found) return found.name;
  }
  return null;
}

function fits({ needs, anyOf }: Format, keys: Set<string>): boolean {
  return needs.every((key) => keys.has(key)) && anyOf.some((key) => keys.has(key));
}

/** Of a row that is longer than what was looked at: the format that its first keys speak for most. */
function bestOf(among: Format[], keys: Set<string>): Format | undefined {
  const score = ({ needs, anyOf }: Format) => [...needs, ...anyOf].filter((key) => keys.has(key)).length;
  const [best] = [...among].sort((a, b) => score(b) - score(a));
  return best && score(best) > 0 ? best : undefined;
}

interface Row {
  keys: Set<string>;
  whole: boolean;
  first: boolean;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:]|[^"{}[\]:\s,]+/gs;

/** The keys of every object at the level of rows, and whether the object was seen to its end. */
function* rows(text: string, level: number): Generator<Row> {
  let depth = 0;
  let keys = new Set<string>();
  let last = '';
  let first = true;
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') depth += 1;
    if (token === '}' || token === ']') {
      depth -= 1;
      if (depth === level) {
        yield { keys, whole: true, first };
        first = false;
        keys = new Set();
      }
    }
    if (token === ':' && depth === level + 1) keys.add(last.slice(1, -1));
    last = token;
  }
  if (depth > level) yield { keys, whole: false, first };
}

function isJson(text: string, isList: boolean): boolean {
  try {
    for (const part of isList ? [text] : text.split('\n').filter((line) => line.trim())) JSON.parse(part);
    return true;
  } catch {
    return false;
  }
}

/** UTF-16 shows by its mark, or by the zero byte beside its first character. */
function decoded(bytes: Uint8Array): string {
  const [one, two] = bytes;
  const bigEnd = (one === 0xfe && two === 0xff) || (one === 0 && two !== 0 && two !== undefined);
  const littleEnd = (one === 0xff && two === 0xfe) || (two === 0 && one !== 0);
  const encoding = bigEnd ? 'utf-16be' : littleEnd ? 'utf-16le' : 'utf-8';
  return new TextDecoder(encoding).decode(bytes);
}
