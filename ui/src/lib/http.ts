/** One way to the API: the session's anti-forgery token goes along, and an answer that says "sign in" is heard. */

/** Relative to the page, so that a path added by a proxy stays in front. */
export const BASE = 'api/v1/';
const TIMEOUT_MS = 15_000;

/** An answer other than 2xx; the message is one that a planner can read. */
export class ApiError extends Error {
  readonly status: number;
  readonly problem: Readonly<Record<string, unknown>>;

  constructor(message: string, status: number, problem: Record<string, unknown> = {}) {
    super(message);
    this.status = status;
    this.problem = problem;
  }
}

/** What went wrong, in words for whoever asked. */
export function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export interface Page<Row> {
  items: Row[];
  next_cursor: string | null;
}

interface Options {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  body?: object;
  headers?: Record<string, string>;
  timeout?: number;
}

let csrfToken: string | null = null;
let signedOut: () => void = () => {};

/** Called by the session: what goes along with writes, and who is told when the session is over. */
export function bindSession(token: string | null, onSignedOut: () => void): void {
  csrfToken = token;
  signedOut = onSignedOut;
}

export function get<T>(path: string, query: Record<string, unknown> = {}): Promise<T> {
  return request<T>(path + queryText(query));
}

/** A write. A key makes sending it again harmless: a lost answer may be asked for twice. */
export function send<T = unknown>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: object, key?: string): Promise<T> {
  const headers: Record<string, string> = key === undefined ? {} : { 'Idempotency-Key': key };
  return request<T>(path, { method, headers, ...(body === undefined ? {} : { body }) });
}

export function post<T = unknown>(path: string, body?: object, key?: string): Promise<T> {
  return send<T>('POST', path, body, key);
}

export async function request<T>(path: string, options: Options = {}): Promise<T> {
  const response = await answerTo(path, options);
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}

/** One object with its ETag, to be sent back as `If-Match` with a change of it. */
export async function getTagged<T>(path: string): Promise<{ data: T; etag: string }> {
  const response = await answerTo(path, {});
  return { data: (await response.json()) as T, etag: response.headers.get('ETag') ?? '*' };
}

/** Every page of a list, one after the other. */
export async function getAll<Row>(path: string, query: Record<string, unknown> = {}): Promise<Row[]> {
  const rows: Row[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<Row> = await get<Page<Row>>(path, { limit: 1000, ...query, cursor });
    rows.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return rows;
}

async function answerTo(path: string, { method = 'GET', body, headers, timeout }: Options): Promise<Response> {
  const sent: Record<string, string> = { ...headers };
  if (body !== undefined) sent['Content-Type'] = 'application/json';
  if (method !== 'GET' && csrfToken !== null) sent['X-CSRF-Token'] = csrfToken;
  let response: Response;
  try {
    response = await fetch(BASE + path, {
      method,
      headers: sent,
      cache: 'no-store',
      credentials: 'same-origin',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeout ?? TIMEOUT_MS),
    });
  } catch {
    throw new ApiError('The server does not answer. Try again in a moment.', 0);
  }
  if (response.ok) return response;
  const error = await problemOf(response);
  if (response.status === 401 && path !== 'session' && path !== 'session/badge') signedOut();
  throw error;
}

/** The sentence of an RFC 9457 problem body, or a plain one when there is none. */
async function problemOf(response: Response): Promise<ApiError> {
  const fallback = `The server answered ${response.status}.`;
  try {
    const problem = (await response.json()) as Record<string, unknown>;
    const said = [problem.detail, problem.title].find((text) => typeof text === 'string' && text);
    return new ApiError((said as string | undefined) ?? fallback, response.status, problem);
  } catch {
    return new ApiError(fallback, response.status);
  }
}

function queryText(query: Record<string, unknown>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '');
  if (given.length === 0) return '';
  return `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()}`;
}
