/** The colours of the picture, of which there is a choice. They are the picture's own: a theme is of the page. */

/** `rays` are the colours of the year from January to December, blended in between. */
export interface Look {
  name: string;
  ground: [string, string];
  text: string;
  muted: string;
  panel: string;
  rays: [string, string, string];
}

export const LOOKS = {
  water: {
    name: 'Deep water',
    ground: ['#0d6a62', '#052b2a'],
    text: '#f3fffc',
    muted: '#b4dcd5',
    panel: 'rgb(255 255 255 / 8%)',
    rays: ['#7ef0d8', '#f4e3a1', '#ff9e7a'],
  },
  dusk: {
    name: 'Dusk',
    ground: ['#3a2a6b', '#150f2c'],
    text: '#fbf8ff',
    muted: '#cfc4ee',
    panel: 'rgb(255 255 255 / 8%)',
    rays: ['#8fd0ff', '#e2a7ff', '#ffb27a'],
  },
  paper: {
    name: 'Paper',
    ground: ['#fdfbf5', '#f1ece0'],
    text: '#1c2523',
    muted: '#5b665f',
    panel: 'rgb(20 32 29 / 5%)',
    rays: ['#0b6b62', '#b35c00', '#a83a6b'],
  },
} satisfies Record<string, Look>;

export type LookName = keyof typeof LOOKS;

/** The look of a name, the first where there is none of that name. */
export function lookNamed(name: string | null): LookName {
  return name !== null && Object.hasOwn(LOOKS, name) ? (name as LookName) : 'water';
}

/** A colour between the first, the middle and the last, for a share of the way. */
export function blended([first, middle, last]: Look['rays'], share: number): string {
  const [from, to, part] = share < 0.5 ? [first, middle, share * 2] : [middle, last, share * 2 - 1];
  const mixed = [1, 3, 5].map((place) => {
    const [one, other] = [from, to].map((colour) => Number.parseInt(colour.slice(place, place + 2), 16)) as [
      number,
      number,
    ];
    return Math.round(one + (other - one) * part);
  });
  return `rgb(${mixed.join(' ')})`;
}
