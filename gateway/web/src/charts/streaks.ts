/** Streaks: days in a row with plays. */

/** Days in a row; both ends are included. */
export interface Streak {
  days: number;
  from: string;
  to: string;
}

/** What the days tell. `last` is the streak that reaches the last day or the one before, which may not be over yet. */
export interface Streaks {
  daysWithPlays: number;
  days: number;
  longest: Streak | null;
  last: Streak | null;
}

interface Day {
  day: string;
  plays: number;
}

/** Finds the streaks of days in order, empty ones included; of equal ones the earlier is the longest. */
export function streaksOf(days: readonly Day[]): Streaks {
  const streaks: Streak[] = [];
  let previous = 0;
  for (const { day, plays } of days) {
    const current = streaks.at(-1);
    if (plays > 0 && previous > 0 && current) streaks.splice(-1, 1, { ...current, days: current.days + 1, to: day });
    else if (plays > 0) streaks.push({ days: 1, from: day, to: day });
    previous = plays;
  }
  const most = Math.max(0, ...streaks.map((streak) => streak.days));
  const last = streaks.at(-1);
  return {
    daysWithPlays: streaks.reduce((sum, streak) => sum + streak.days, 0),
    days: days.length,
    longest: streaks.find((streak) => streak.days === most) ?? null,
    last: last && isRecent(last, days) ? last : null,
  };
}

function isRecent(streak: Streak, days: readonly Day[]): boolean {
  return days.slice(-2).some(({ day }) => day === streak.to);
}
