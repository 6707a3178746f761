/** Bytes in and out of deflate, by what the browser has built in. */

const GZIP_HEADER_BYTES = 10;
const GZIP_TRAILER_BYTES = 8;
const PIECE_BYTES = 65_536;

/** Deflated bytes, with what a ZIP or a gzip file says of them: the checksum and the size of what they inflate to. */
export interface Deflated {
  data: Blob;
  crc: number;
  size: number;
}

/** Compresses. The browser's gzip brings the checksum with it: its frame is taken off again. */
export async function deflate(content: Blob | ReadableStream<Uint8Array<ArrayBuffer>>): Promise<Deflated> {
  const source = content instanceof Blob ? content.stream() : content;
  const gzip = await new Response(source.pipeThrough(new CompressionStream('gzip'))).blob();
  const trailer = new DataView(await gzip.slice(gzip.size - GZIP_TRAILER_BYTES).arrayBuffer());
  return {
    data: gzip.slice(GZIP_HEADER_BYTES, gzip.size - GZIP_TRAILER_BYTES),
    crc: trailer.getUint32(0, true),
    size: trailer.getUint32(4, true),
  };
}

/** Undoes gzip, for a file that comes compressed. */
export function gunzip(content: Blob): ReadableStream<Uint8Array<ArrayBuffer>> {
  return content.stream().pipeThrough(new DecompressionStream('gzip'));
}

/** The first bytes of something, and whether they are all of it. */
export interface Head {
  bytes: Uint8Array<ArrayBuffer>;
  complete: boolean;
}

/**
 * Gives the first `most` bytes of what is compressed so, without reading much more.
 * @throws {TypeError} where it does not decompress that far
 */
export async function headOf(content: Blob, format: CompressionFormat | null, most: number): Promise<Head> {
  if (!format) {
    const bytes = new Uint8Array(await content.slice(0, most).arrayBuffer());
    return { bytes, complete: content.size <= most };
  }
  return inflatedHead(content.stream().pipeThrough(new DecompressionStream(format)).getReader(), most);
}

async function inflatedHead(reader: ReadableStreamDefaultReader<Uint8Array>, most: number): Promise<Head> {
  const bytes = new Uint8Array(most + PIECE_BYTES);
  let length = 0;
  while (length <= most) {
    const { done, value } = await reader.read();
    if (done) return { bytes: bytes.slice(0, length), complete: true };
    const piece = value.subarray(0, bytes.length - length);
    bytes.set(piece, length);
    length += piece.length;
  }
  reader.cancel().catch(() => {});
  return { bytes: bytes.slice(0, most), complete: false };
}
