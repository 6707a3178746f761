/** The year as a picture: a ring with a ray for each day, the names of the year, a few numbers. */

import type { TopItem } from '../api/types';
import { formatCount } from '../words/format';
import { factsOf } from './facts';
import { drawable, write } from './lettering';
import { blended, type Look } from './looks';
import type { Day, Review } from './review';

/** A phone's full screen. */
export const WIDTH = 1080;
export const HEIGHT = 1920;

const EDGE = 80;
const RING = { x: WIDTH / 2, y: 690, inner: 232, longest: 170 };
const MONTHS = ['J', 'F', 'M', 'A', 'M', 'J', 'J', 'A', 'S', 'O', 'N', 'D'];

type Pen = CanvasRenderingContext2D;

/** Draws all of it onto a canvas of WIDTH × HEIGHT. */
export function drawPoster(pen: Pen, review: Review, look: Look): void {
  drawGround(pen, look);
  write(pen, 'My year in listening', EDGE, 128, { size: 40, weight: 500, colour: look.muted });
  write(pen, review.year, EDGE, 240, { size: 118, weight: 800, colour: look.text });
  drawRing(pen, review.days, look);
  write(pen, formatCount(review.minutes), RING.x, RING.y + 22, {
    size: 88,
    shrinks: true,
    weight: 800,
    colour: look.text,
    align: 'center',
    width: 340,
  });
  write(pen, 'minutes', RING.x, RING.y + 76, { size: 40, colour: look.muted, align: 'center' });
  drawNames(pen, 'Top artists', review.topArtists, EDGE, look);
  drawNames(pen, 'Top tracks', review.topTracks, WIDTH / 2 + 20, look);
  drawFacts(pen, review, look);
  write(pen, 'Made with Sluice from my own data', WIDTH / 2, HEIGHT - 56, {
    size: 28,
    colour: look.muted,
    align: 'center',
  });
}

function drawGround(pen: Pen, { ground }: Look): void {
  const light = pen.createRadialGradient(RING.x, RING.y, 80, RING.x, RING.y, HEIGHT * 0.72);
  light.addColorStop(0, ground[0]);
  light.addColorStop(1, ground[1]);
  pen.fillStyle = light;
  pen.fillRect(0, 0, WIDTH, HEIGHT);
}

/** January begins at the top; a day without plays is a dot. */
function drawRing(pen: Pen, days: readonly Day[], look: Look): void {
  const most = Math.max(1, ...days.map((day) => day.msPlayed));
  pen.lineCap = 'round';
  pen.lineWidth = 4.2;
  days.forEach((day, index) => {
    const share = index / days.length;
    const length = day.msPlayed > 0 ? 8 + Math.sqrt(day.msPlayed / most) * RING.longest : 0.1;
    pen.strokeStyle = blended(look.rays, share);
    pen.globalAlpha = day.msPlayed > 0 ? 1 : 0.4;
    pen.beginPath();
    pen.moveTo(...onRing(share, RING.inner));
    pen.lineTo(...onRing(share, RING.inner + length));
    pen.stroke();
  });
  pen.globalAlpha = 1;
  MONTHS.forEach((month, index) => {
    const [x, y] = onRing((index + 0.5) / 12, RING.inner - 26);
    write(pen, month, x, y + 9, { size: 25, weight: 600, colour: look.muted, align: 'center' });
  });
}

function onRing(share: number, radius: number): [number, number] {
  const angle = share * 2 * Math.PI - Math.PI / 2;
  return [RING.x + Math.cos(angle) * radius, RING.y + Math.sin(angle) * radius];
}

function drawNames(pen: Pen, title: string, items: readonly TopItem[], left: number, look: Look): void {
  const [top, row, width] = [1196, 62, WIDTH / 2 - EDGE - 20];
  write(pen, title, left, top, { size: 32, weight: 600, colour: look.muted });
  items.slice(0, 5).forEach(({ name }, index) => {
    const y = top + 62 + index * row;
    write(pen, String(index + 1), left, y, { size: 38, weight: 700, colour: blended(look.rays, index / 4) });
    write(pen, drawable(name), left + 44, y, { size: 38, weight: 600, colour: look.text, width: width - 44 });
  });
}

function drawFacts(pen: Pen, review: Review, look: Look): void {
  const [gap, top, height] = [20, 1590, 200];
  const facts = factsOf(review).slice(0, 4);
  const width = (WIDTH - 2 * EDGE - gap * (facts.length - 1)) / facts.length;
  facts.forEach(({ name, value }, index) => {
    const left = EDGE + index * (width + gap);
    pen.fillStyle = look.panel;
    pen.beginPath();
    pen.roundRect(left, top, width, height, 28);
    pen.fill();
    const middle = left + width / 2;
    write(pen, value, middle, top + 100, {
      size: 42,
      weight: 750,
      shrinks: true,
      colour: look.text,
      align: 'center',
      width: width - 28,
    });
    write(pen, name, middle, top + 150, { size: 25, colour: look.muted, align: 'center', width: width - 24 });
  });
}
