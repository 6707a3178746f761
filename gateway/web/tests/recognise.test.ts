import { describe, expect, it } from 'vitest';
import { recogniseHead } from '../src/recognise/heads';
import { look } from '../src/recognise/look';
import { isNamedAsOther, kindByName, shownName } from '../src/recognise/names';
import { packagesOf } from '../src/recognise/summary';
import { writeZip } from '../src/zip/bundle';
import { deflate } from '../src/zip/compressing';

const EXTENDED = '[{"ts": "2024-01-01T00:00:00Z", "ms_played": 1, "master_metadata_track_name": "A"}]';
const ACCOUNT = '[{"endTime" : "2024-01-01 10:00", "artistName" : "A", "trackName" : "B", "msPlayed" : 1}]';

const told = (text: string, complete = true) => recogniseHead(new TextEncoder().encode(text), complete);
const fileOf = (name: string, ...parts: BlobPart[]) => new File(parts, name);

async function zipOf(name: string, members: Record<string, string>): Promise<File> {
  const entries = Object.entries(members).map(async ([member, text]) => ({
    name: member,
    ...(await deflate(new Blob([text]))),
  }));
  return fileOf(name, writeZip(await Promise.all(entries)));
}

const lookAt = (...files: File[]) =>
  look(
    files.map((file) => ({ file, from: '' })),
    () => {},
  );

describe('the head of a file', () => {
  it.each([
    [EXTENDED, 'extended'],
    [ACCOUNT, 'account_music'],
    ['[{"endTime": "x", "podcastName": "a", "episodeName": "b", "msPlayed": 1}]', 'account_podcast'],
    ['[{"endTime": "x", "audiobookName": "a", "chapterName": "b"}]', 'account_audiobook'],
    ['{"listened_at": 1, "track_metadata": {"artist_name": "a"}}\n', 'listenbrainz'],
    [' [ ] ', 'empty'],
    [`[1, {"other": [{"ts": 1}]}, ${EXTENDED.slice(1)}`, 'extended'],
  ])('tells %s', (text, format) => {
    expect(told(text)).toBe(format);
  });

  it('tells a row that is longer than what is looked at by its first keys', () => {
    expect(told('[{"ts": "2024", "ms_pl', false)).toBe('extended');
  });

  it('reads UTF-16 and byte order marks', () => {
    const utf16 = new Uint8Array(Buffer.from(`\ufeff${ACCOUNT}`, 'utf16le'));
    expect(recogniseHead(utf16, true)).toBe('account_music');
    expect(told(`\ufeff${ACCOUNT}`)).toBe('account_music');
  });

  it('calls what is damaged damaged, and other JSON no history', () => {
    expect(told('[{"ts": x')).toMatchObject({ broken: true });
    expect(told('')).toMatchObject({ broken: true });
    expect(told('[{"name": "x"}]')).toMatchObject({ broken: false });
    expect(told('<html>')).toMatchObject({ broken: true });
  });

  it('takes no key out of a value or a deeper row', () => {
    expect(told('[{"a": "ts", "b": {"ts": 1, "ms_played": 2}}]')).toMatchObject({ broken: false });
  });
});

describe('what was dropped', () => {
  it('is found in archives and beside them, and everything else stays', async () => {
    const zip = await zipOf('my_data.zip', {
      'Spotify Account Data/StreamingHistory_music_0.json': ACCOUNT,
      'Spotify Account Data/Userdata.json': '{}',
      'Spotify Account Data/TechnicalLog001.json': '[{"timestamp_utc": 1}]',
    });
    const { found, left } = await lookAt(zip, fileOf('endsong_0.json', EXTENDED), fileOf('photo.jpg', 'x'));
    expect(found.map(({ name, from, format }) => [name, from, format])).toEqual([
      ['StreamingHistory_music_0.json', 'my_data.zip', 'account_music'],
      ['endsong_0.json', '', 'extended'],
    ]);
    expect(left.map(({ name, broken }) => [name, broken])).toEqual([
      ['Userdata.json', false],
      ['TechnicalLog001.json', false],
      ['photo.jpg', false],
    ]);
  });

  it('is packed to what it was', async () => {
    const { found } = await lookAt(await zipOf('a.zip', { 'endsong_0.json': EXTENDED }), fileOf('x.json', ACCOUNT));
    const sizes = await Promise.all(found.map(async ({ pack }) => (await pack()).size));
    expect(sizes).toEqual([EXTENDED.length, ACCOUNT.length]);
  });

  it('is named for what it is where there is no history in it', async () => {
    const logs = Object.fromEntries([1, 2, 3].map((number) => [`TechnicalLog00${number}.json`, '[{"a": 1}]']));
    const [named] = packagesOf(await lookAt(await zipOf('logs.zip', logs)));
    expect(named?.title).toBe('Technical log: no listening history in it');
  });

  it('is named for both packages where both are in it', async () => {
    const both = await zipOf('both.zip', { 'endsong_0.json': EXTENDED, 'StreamingHistory0.json': ACCOUNT });
    expect(packagesOf(await lookAt(both))[0]?.title).toBe('Extended streaming history and account data');
  });

  it('tells archives that are broken, and archives in archives', async () => {
    const nested = await zipOf('outer.zip', { 'inner.zip': 'PK' });
    const { left } = await lookAt(fileOf('cut.zip', 'PK\x03\x04…'), nested);
    expect(left.map(({ name, broken, why }) => [name, broken, why.split(':')[0]])).toEqual([
      ['cut.zip', true, 'It is no ZIP file, or only a part of one. Download it again.'],
      ['inner.zip', true, 'It is an archive in an archive'],
    ]);
  });
});

describe('names', () => {
  it('are shown without paths and what cannot be seen', () => {
    expect(shownName('../../a\u202e\u0000b.json')).toBe('ab.json');
    expect(shownName('\u200b')).toBe('unnamed');
    expect(shownName('x'.repeat(10_000))).toHaveLength(255);
  });

  it('tell what is no history', () => {
    expect(isNamedAsOther('Playlist1.json')).toBe(true);
    expect(isNamedAsOther('Userdata.json')).toBe(true);
    expect(isNamedAsOther('followers_of_endsong.json')).toBe(false);
    expect(kindByName('Payments.json')).toBe('your payments');
  });
});
