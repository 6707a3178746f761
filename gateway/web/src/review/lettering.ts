/** Writing on a canvas: names of any script and length, in the room that there is. */

import { shorten } from '../words/format';

// What turns the direction of the text around it, and what has no shape.
const UNSEEN = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const RIGHT_TO_LEFT = /^[^\p{L}]*[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;
const LONGEST = 120;

/** A name as it can be drawn: nothing unseen in it, and not endless. */
export function drawable(name: string): string {
  return shorten(name.replace(UNSEEN, ' '), LONGEST);
}

/** The direction of a text by its first letter. */
export function directionOf(text: string): 'rtl' | 'ltr' {
  return RIGHT_TO_LEFT.test(text) ? 'rtl' : 'ltr';
}

/** The text, or as many of its characters, as people count them, as `fits` lets through, with an ellipsis. */
export function fitted(text: string, fits: (text: string) => boolean): string {
  if (fits(text)) return text;
  const characters = [...new Intl.Segmenter().segment(text)].map(({ segment }) => segment);
  let [low, high] = [0, characters.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(`${characters.slice(0, middle).join('')}…`)) low = middle;
    else high = middle - 1;
  }
  return `${characters.slice(0, low).join('').trimEnd()}…`;
}

/** How a text is to look. */
export interface Lettering {
  size: number;
  weight?: number;
  colour: string;
  align?: 'left' | 'center' | 'right';
  width?: number;
  /** Smaller letters rather than fewer, down to two thirds. */
  shrinks?: boolean;
}

/** Writes one line; a text that is too wide is made smaller where it may be, and cut where that is not enough. */
export function write(pen: CanvasRenderingContext2D, text: string, x: number, y: number, how: Lettering): void {
  const { size, weight = 400, colour, align = 'left', width = Infinity, shrinks = false } = how;
  const widthAt = (pixels: number) => {
    pen.font = `${weight} ${pixels}px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", Arial, sans-serif`;
    return (candidate: string) => pen.measureText(candidate).width;
  };
  const needed = shrinks ? widthAt(size)(text) : 0;
  const measure = widthAt(needed > width ? Math.max(size * (2 / 3), (size * width) / needed) : size);
  pen.fillStyle = colour;
  pen.textAlign = align;
  pen.direction = directionOf(text);
  pen.fillText(
    fitted(text, (candidate) => measure(candidate) <= width),
    x,
    y,
  );
}
