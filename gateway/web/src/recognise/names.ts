/** What the name of a file says: a hint, and a word for what is left alone; never a proof of the content. */

const HISTORY = /streaming_?history|endsong|endvideo/i;
const OTHER_BEGINNINGS = ['._', 'playlist', 'wrapped', 'podcastinteractivity', 'readmefirst'];
const OTHER_WORDS =
  /^(yourlibrary|searchqueries|follow|userdata|useraddress|identifiers|identity|inferences|payments|purchases|marquee|yoursoundcapsule|messagedata)[0-9_]*(\..*)?$/is;
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const MOST_SHOWN = 255;

// Lower case without numbers and endings; what a file of that beginning is, in plain words.
const KNOWN: [RegExp, string][] = [
  [/^technicallog|^addedto|^awscognito|^sessioncreation|^login|^playback/, 'technical log'],
  [/^yourlibrary/, 'your library'],
  [/^playlist/, 'your playlists'],
  [/^searchqueries/, 'your searches'],
  [/^follow/, 'whom you follow'],
  [/^(userdata|useraddress|identifiers|identity)/, 'your account'],
  [/^inferences|^marquee/, 'what advertisers are told'],
  [/^payments|^purchases/, 'your payments'],
  [/^(wrapped|yoursoundcapsule)/, 'your year in review'],
  [/^podcastinteractivity/, 'your ratings of podcasts'],
  [/^messagedata/, 'your messages'],
  [/^readmefirst/, 'a manual'],
];

/** The last part of a name, without what cannot be seen. */
export function shownName(raw: string): string {
  const last = raw.split(/[/\\]/).at(-1) ?? '';
  return Array.from(last.replace(INVISIBLE, '').trim()).slice(0, MOST_SHOWN).join('') || 'unnamed';
}

/** Whether the provider gives such a name to a listening history. */
export const isNamedAsHistory = (name: string): boolean => HISTORY.test(name);

/** Whether the provider, or an operating system, gives such a name to a file that is no history. */
export function isNamedAsOther(name: string): boolean {
  const lower = name.toLowerCase();
  return (
    lower === '.ds_store' || OTHER_BEGINNINGS.some((beginning) => lower.startsWith(beginning)) || OTHER_WORDS.test(name)
  );
}

/** Whether there is a point in looking into a file of this name. */
export const mayHoldPlays = (name: string): boolean => isNamedAsHistory(name) || /\.(jsonl?|txt)(\.gz)?$/i.test(name);

/** "technical log"; null where the name says nothing. */
export function kindByName(name: string): string | null {
  const word = name.toLowerCase();
  return KNOWN.find(([pattern]) => pattern.test(word))?.[1] ?? null;
}
