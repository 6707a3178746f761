import { crc32, deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { writeZip } from '../src/zip/bundle';
import { deflate, gunzip, headOf } from '../src/zip/compressing';
import { BrokenZip, contentOf, type Member, readDirectory } from '../src/zip/directory';

const bytesOf = async (blob: Blob) => new Uint8Array(await blob.arrayBuffer());
const entryOf = async (name: string, text: string) => ({ name, ...(await deflate(new Blob([text]))) });

async function inflated(blob: Blob): Promise<string> {
  return new Response(blob.stream().pipeThrough(new DecompressionStream('deflate-raw'))).text();
}

describe('an archive that is written here', () => {
  it('is read back with its names, sizes and contents', async () => {
    const zip = writeZip([await entryOf('a/ü 日本.json', '[1]'), await entryOf('b.json', 'x'.repeat(100_000))]);
    const members = await readDirectory(zip);
    expect(members.map(({ name, size, method }) => [name, size, method])).toEqual([
      ['a/ü 日本.json', 3, 8],
      ['b.json', 100_000, 8],
    ]);
    for (const member of members) {
      const text = await inflated(await contentOf(zip, member));
      expect(text.length).toBe(member.size);
      expect(crc32(text)).toBe(member.crc);
    }
  });

  it('takes deflated members as they are, without compressing again', async () => {
    const packed = deflateRawSync('[{"ts": 1}]', { level: 1 });
    const zip = writeZip([{ name: 'x.json', data: new Blob([packed]), crc: crc32('[{"ts": 1}]'), size: 11 }]);
    const member = (await readDirectory(zip))[0] as Member;
    expect(await bytesOf(await contentOf(zip, member))).toEqual(new Uint8Array(packed));
  });

  it('is the same for the same entries', async () => {
    const made = async () => bytesOf(writeZip([await entryOf('a.json', '[]')]));
    expect(await made()).toEqual(await made());
  });
});

describe('what is no archive', () => {
  it.each([
    ['nothing', new Blob([])],
    ['text', new Blob(['hello, this is no archive at all'])],
  ])('is told so: %s', async (_, blob) => {
    await expect(readDirectory(blob)).rejects.toThrow(BrokenZip);
  });

  it('is told so when its beginning or its end is missing', async () => {
    const zip = writeZip([await entryOf('a.json', 'x'.repeat(5_000)), await entryOf('b.json', '[]')]);
    await expect(readDirectory(zip.slice(0, zip.size - 30))).rejects.toThrow(BrokenZip);
    await expect(readDirectory(zip.slice(60))).rejects.toThrow(BrokenZip);
  });

  it('does not read past its end for a member that claims more', async () => {
    const zip = writeZip([await entryOf('a.json', '[]')]);
    const member = (await readDirectory(zip))[0] as Member;
    await expect(contentOf(zip, { ...member, compressedSize: 10 ** 9 })).rejects.toThrow(BrokenZip);
  });
});

describe('the head of a file', () => {
  it('is cut where it is long, and whole where it is short', async () => {
    const long = new Blob([deflateRawSync('y'.repeat(1_000_000))]);
    expect(await headOf(long, 'deflate-raw', 1_000)).toMatchObject({ complete: false, bytes: { length: 1_000 } });
    expect(await headOf(new Blob(['[]']), null, 1_000)).toMatchObject({ complete: true, bytes: { length: 2 } });
  });

  it('survives gzip and back', async () => {
    const { data, crc, size } = await deflate(new Blob(['hello']));
    expect([size, crc]).toEqual([5, crc32('hello')]);
    const framed = new Response(new Blob(['hello']).stream().pipeThrough(new CompressionStream('gzip')));
    expect(await new Response(gunzip(await framed.blob())).text()).toBe('hello');
    expect(await inflated(data)).toBe('hello');
  });
});
