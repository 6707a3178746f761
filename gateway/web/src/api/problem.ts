/** Every error a person can meet, from the server's problem documents or from the network, as one class. */

const UNREACHABLE = 'The server cannot be reached. Check your connection, then try again.';
const SENTENCES = new Map([
  [401, 'You are not signed in any more. Load this page again.'],
  [404, 'There is nothing at this address, or it is not yours.'],
  [413, 'That is more than the server takes in one go.'],
  [429, 'That was a lot at once. Wait a moment, then try again.'],
  [503, 'The server is busy or starting. Wait a moment, then try again.'],
]);

/** A file, or a row's place, with what is the matter with it. */
export interface Complaint {
  filename: string;
  message: string;
  advice?: string;
}

interface Facts {
  status?: number;
  reason?: string;
  errors?: Complaint[];
  told?: Record<string, unknown>;
}

/** `message` is a sentence for the person; status 0 means that no answer came; `told` is the whole document. */
export class Problem extends Error {
  readonly status: number;
  readonly reason: string;
  readonly errors: Complaint[];
  readonly told: Record<string, unknown>;

  constructor(message: string, { status = 0, reason = '', errors = [], told = {} }: Facts = {}) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.errors = errors;
    this.told = told;
  }

  /** Whether the same request may well succeed later. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** No answer came. */
export function unreachable(): Problem {
  return new Problem(UNREACHABLE);
}

/** Reads a problem document (RFC 9457) leniently: a proxy in between may answer with a page of its own. */
export function problemOf(status: number, text: string): Problem {
  const told = parsed(text);
  const fallback = SENTENCES.get(status) ?? `The server answered with an error (${status}).`;
  const message = told.detail || told.title || fallback;
  const errors = Array.isArray(told.errors) ? told.errors.filter((error) => error?.message) : [];
  return new Problem(String(message), { status, reason: String(told.reason ?? ''), errors, told });
}

/** What is said of anything thrown: a problem's own sentence, or that the page itself broke. */
export function sentenceOf(error: unknown): string {
  if (error instanceof Problem) return error.message;
  console.error(error);
  return 'Something in this page broke. Load it again.';
}

function parsed(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    return {};
  }
}
