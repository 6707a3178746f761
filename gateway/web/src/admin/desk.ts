/** What every part of the page has at hand: where one is, how everything stands, and how to have something done. */

import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { RateHistory } from './rate_history';
import type { Overview } from './types';
import type { View } from './view';

/** Something that is asked before it is done. */
export interface Question {
  title: string;
  /** What will happen, a paragraph each. */
  says: string[];
  /** What the button that does it is called. */
  action: string;
  /** It cannot be undone. */
  grave?: boolean;
  /** Does it and gives what came of it, as a sentence; `onDone` tells how many are done while it goes on. */
  run: (course: { onDone: (done: number) => void; signal: AbortSignal }) => Promise<string>;
  /** How many there will be, where that is known. */
  total?: number | undefined;
}

/** The operator's desk. */
export interface Desk {
  view: View;
  go: (view: View) => void;
  overview: Overview | null;
  history: RateHistory;
  /** Milliseconds of the server's clock, so that ages are right whatever this machine's clock says. */
  now: number;
  ask: (question: Question) => void;
  /** Has a queue's limits edited. */
  editLimits: (queue: string) => void;
  /** Counts what was done here: what shows jobs or acts looks again when it changes. */
  acts: number;
}

export const DeskContext = createContext<Desk | null>(null);

/** Gives the desk. */
export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (!desk) throw new Error('There is no desk around this.');
  return desk;
}
