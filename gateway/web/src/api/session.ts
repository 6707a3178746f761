/**
 * The person's token: taken from the address or asked for, kept for the tab, replaced once when it is refused.
 * It never stands in an address that this page makes.
 */

import { config } from './config';
import { Problem, problemOf, unreachable } from './problem';
import { forget, recall, remember } from './storage';

const TOKEN = 'sluice.token';
// Set when the page leaves for the sign-in page, cleared by the first answer that accepts the token. While it is set,
// leaving again would only go round in circles.
const LEFT_TO_SIGN_IN = 'sluice.left-to-sign-in';

interface Kept {
  accessToken: string;
  expiresAt: number | null;
}

let renewal: Promise<string> | null = null;
let refusal = '';

/** Takes what the sign-in page put behind the #, and wipes it from the address before anything else happens. */
export function takeTokenFromAddress(): void {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const accessToken = fragment.get('access_token');
  refusal = fragment.get('error_description') ?? fragment.get('error') ?? '';
  if (!accessToken && !refusal) return;
  history.replaceState(history.state, '', location.pathname + location.search);
  if (accessToken) keep(accessToken, Number(fragment.get('expires_in')));
}

/** Runs `send(token)`. Where that is refused with 401, signs in anew and runs it once more. */
export async function withToken<T>(send: (token: string) => Promise<T>): Promise<T> {
  const token = await currentToken();
  try {
    return accepted(await send(token));
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.status !== 401) throw problem;
  }
  return accepted(await send(await replacementOf(token)));
}

/** Gives the token to send next, for what sends requests by itself; signs in where there is none. */
export async function currentToken(): Promise<string> {
  return keptToken() ?? newToken();
}

/** Requests that are refused together share one renewal, and one that comes late takes the token already renewed. */
export function replacementOf(refused: string): Promise<string> {
  const kept = keptToken();
  if (kept && kept !== refused) return Promise.resolve(kept);
  forget(TOKEN);
  return newToken();
}

/** Signs in as the demo operator, whom a local stack has. */
export async function becomeDemoOperator(): Promise<void> {
  await demoToken(true);
}

/** Forgets the token: the next request signs in. */
export function signOut(): void {
  forget(TOKEN);
}

/** Whether the token that is kept says that its person is an operator; whoever is asked checks it. */
export function saysOperator(): boolean {
  try {
    const claims = keptToken()?.split('.')[1]?.replaceAll('-', '+').replaceAll('_', '/') ?? '';
    return JSON.parse(atob(claims)).app_metadata?.sluice_role === 'operator';
  } catch {
    return false;
  }
}

function accepted<T>(answer: T): T {
  forget(LEFT_TO_SIGN_IN);
  return answer;
}

function keep(accessToken: string, expiresIn: number): void {
  const expiresAt = expiresIn > 0 ? Date.now() + expiresIn * 1000 : null;
  remember(TOKEN, { accessToken, expiresAt } satisfies Kept);
}

function keptToken(): string | null {
  const kept = recall<Kept>(TOKEN);
  if (!kept || (kept.expiresAt && kept.expiresAt <= Date.now())) return null;
  return kept.accessToken;
}

function newToken(): Promise<string> {
  renewal ??= signIn().finally(() => {
    renewal = null;
  });
  return renewal;
}

async function signIn(): Promise<string> {
  const { demoSignIn, signInUrl } = await config();
  if (demoSignIn) return demoToken();
  if (signInUrl) return leaveToSignIn(signInUrl);
  throw notSignedIn('You are not signed in, and this server names no page to sign in at. Ask whoever runs it.');
}

async function demoToken(operator = false): Promise<string> {
  const headers = { 'Content-Type': 'application/json' };
  const wish = { method: 'POST', headers, body: JSON.stringify({ operator }) };
  const response = await fetch('/api/session/demo', wish).catch(() => {
    throw unreachable();
  });
  if (!response.ok) throw problemOf(response.status, await response.text());
  const { accessToken, expiresIn } = await response.json();
  keep(accessToken, expiresIn);
  return accessToken;
}

function leaveToSignIn(signInUrl: string): Promise<string> {
  if (refusal) throw notSignedIn(`Signing in did not work: ${refusal}`);
  if (recall(LEFT_TO_SIGN_IN)) {
    forget(LEFT_TO_SIGN_IN);
    throw notSignedIn('You have been to the sign-in page, but this server does not accept what came back.');
  }
  remember(LEFT_TO_SIGN_IN, true);
  const address = new URL(signInUrl, location.href);
  address.searchParams.set('return_to', location.origin + location.pathname + location.search);
  location.assign(address);
  // The page is on its way out: whoever waits for the token need not hear anything any more.
  return new Promise(() => {});
}

function notSignedIn(sentence: string): Problem {
  return new Problem(sentence, { status: 401 });
}

/** Who the person is, by the token: for keeping apart what several people leave in one browser, and nothing else. */
export async function personId(): Promise<string> {
  const [, claims = ''] = (await currentToken()).split('.');
  try {
    return String(JSON.parse(atob(claims.replaceAll('-', '+').replaceAll('_', '/'))).sub ?? '');
  } catch {
    return '';
  }
}
