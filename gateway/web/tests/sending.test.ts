import { describe, expect, it } from 'vitest';
import type { Found } from '../src/recognise/look';
import { nameOfBatch, planBatches } from '../src/sending/batches';
import { Estimate, leftSentence } from '../src/sending/estimate';
import { adoptable, type Bundle, type Shipment } from '../src/sending/shipments';

const LIMITS = { files: 3, fileBytes: 100, uploadBytes: 150 };
const found = (size: number, name = 'a.json', from = ''): Found => ({
  name,
  from,
  size,
  format: 'extended',
  pack: () => Promise.reject(new Error('not here')),
});

describe('batches', () => {
  it('keep to the number of files and to the bytes of an upload', () => {
    const { batches } = planBatches(
      [100, 50, 1, 1, 1, 1].map((size) => found(size)),
      LIMITS,
    );
    expect(batches.map((batch) => batch.map(({ size }) => size))).toEqual([[100, 50], [1, 1, 1], [1]]);
  });

  it('leave out a file that is too large, and say both numbers', () => {
    const { batches, tooLarge } = planBatches([found(101), found(1)], LIMITS);
    expect(batches).toHaveLength(1);
    expect(tooLarge[0]?.why).toBe('The file has 101 bytes; the limit is 100 bytes.');
  });

  it('are called by what they are made of', () => {
    expect(nameOfBatch([found(1, 'a', 'x.zip'), found(1, 'b', 'x.zip')])).toBe('x.zip');
    expect(nameOfBatch([found(1, 'a', 'x.zip'), found(1, 'b.json')])).toBe('x.zip and 1 more');
  });
});

describe('an estimate', () => {
  it('says nothing before it can know', () => {
    const estimate = new Estimate();
    expect(estimate.left(100, 0)).toBeNull();
    estimate.add(0, 0);
    estimate.add(10, 1_000);
    expect(estimate.left(100, 1_000)).toBeNull();
  });

  it('goes by how fast it went', () => {
    const estimate = new Estimate();
    for (let second = 0; second <= 4; second += 1) estimate.add(second * 10, second * 1_000);
    expect(estimate.left(100, 4_000)).toBeCloseTo(6_000);
    expect(estimate.left(100, 5_000)).toBeCloseTo(5_000);
  });

  it('forgets how fast it went long ago', () => {
    const estimate = new Estimate();
    for (let second = 0; second <= 20; second += 1) estimate.add(second * 100, second * 1_000);
    for (let second = 21; second <= 60; second += 1) estimate.add(2_000 + (second - 20), second * 1_000);
    expect(estimate.left(2_140, 60_000)).toBeCloseTo(100_000, -2);
  });

  it('says nothing while nothing moves', () => {
    const estimate = new Estimate();
    for (let second = 0; second <= 4; second += 1) estimate.add(second * 10, second * 1_000);
    expect(estimate.left(100, 60_000)).toBeNull();
  });

  it('begins anew where it goes back', () => {
    const estimate = new Estimate();
    for (let second = 0; second <= 4; second += 1) estimate.add(second * 10, second * 1_000);
    estimate.add(5, 5_000);
    expect(estimate.left(100, 5_000)).toBeNull();
  });

  it('is told no more exactly than it is known', () => {
    expect([2_000, 12_000, 100_000, 7_000_000].map(leftSentence)).toEqual([
      'a few seconds left',
      'about 15 s left',
      'about 2 min left',
      'about 2 h left',
    ]);
    expect(leftSentence(null)).toBe('');
  });
});

describe('a shipment that was interrupted', () => {
  const bundle = (fingerprint: string, size: number, url: string | null): Bundle => ({
    filename: 'x',
    fingerprint,
    size,
    url,
    key: `key of ${fingerprint}`,
    blob: null,
    sent: false,
  });
  const shipment = (id: string, bundles: Bundle[]): Shipment => ({
    id,
    owner: 'me',
    createdAt: 0,
    bundles,
    refused: [],
  });

  it('goes on where the same content stopped, and nowhere else', () => {
    const before = shipment('old', [bundle('same', 5, '/there'), bundle('other', 5, '/elsewhere')]);
    const made = shipment('new', [bundle('same', 5, null), bundle('changed', 5, null), bundle('other', 6, null)]);
    expect(adoptable(before, made).bundles.map(({ url }) => url)).toEqual(['/there', null, null]);
    expect(adoptable(before, made).id).toBe('old');
  });
});
