/** What plays, platforms and rankings are called. */

const PLATFORMS: Record<string, string> = {
  ios: 'iPhone and iPad',
  android: 'Android',
  windows: 'Windows',
  macos: 'Mac',
  linux: 'Linux',
  web: 'Web browser',
  cast: 'Cast',
  tv: 'Television',
  console: 'Game console',
  car: 'Car',
  other: 'Other devices',
};

/** Rankings by what is counted. A show or an author is stored as an artist, an episode or a chapter as a track. */
interface Words {
  name: string;
  artists: string;
  artist: string;
  tracks: string;
  track: string;
  /** Null where there are none. */
  albums: string | null;
}

const MUSIC: Words = {
  name: 'Music',
  artists: 'Artists',
  artist: 'artist',
  tracks: 'Tracks',
  track: 'track',
  albums: 'Albums',
};

export const KINDS = {
  all: { ...MUSIC, name: 'Everything' },
  music: MUSIC,
  podcast: { name: 'Podcasts', artists: 'Shows', artist: 'show', tracks: 'Episodes', track: 'episode', albums: null },
  audiobook: {
    name: 'Audiobooks',
    artists: 'Books',
    artist: 'book',
    tracks: 'Chapters',
    track: 'chapter',
    albums: null,
  },
  video: { name: 'Videos', artists: 'Artists', artist: 'artist', tracks: 'Videos', track: 'video', albums: null },
} satisfies Record<string, Words>;

export const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

/** "iPhone and iPad" of "ios"; null is what the export does not say. */
export function platformName(platform: string | null): string {
  return platform === null ? 'Not told' : (PLATFORMS[platform] ?? platform);
}

/** "Tuesday, 18:00–19:00" of the hour of a week, counted from Monday's first. */
export function hourOfWeek(index: number): string {
  const hour = index % 24;
  const clock = (number: number) => `${String(number).padStart(2, '0')}:00`;
  return `${WEEKDAYS[Math.floor(index / 24)]}, ${clock(hour)}–${clock(hour + 1)}`;
}
