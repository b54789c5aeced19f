/** What the administrator's screen asks of the API. */

import { ApiError, BASE, request } from './http.ts';
import type { Grant } from './grants.ts';
import { session } from './session.svelte.ts';

export interface User {
  name: string;
  display_name: string;
  contact: string | null;
  grants: Grant[];
  state: 'active' | 'disabled';
  has_password: boolean;
  has_badge: boolean;
  must_change_password: boolean;
  updated_at: string;
}

export interface Access {
  roles: string[];
  badge_roles: string[];
  permissions: { permission: string; says: string; roles: string[] }[];
}

export interface Token {
  token_id: string;
  owner: string;
  name: string;
  scopes: string[];
  sites: string[] | null;
  state: 'good' | 'expired' | 'revoked';
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
}

export interface Job {
  job_id: string;
  kind: string;
  state: 'queued' | 'running' | 'done' | 'failed' | 'cancelled';
  progress: number;
  message: string;
  result: unknown;
  error: string | null;
  cancel_requested: boolean;
  submitted_by: string;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
}

export interface Mistake {
  row: number | null;
  column: string | null;
  value: string | null;
  wrong: string;
  right: string;
}

export interface Import {
  import_id: string;
  file: string;
  size: number;
  sent_by: string;
  sent_at: string;
  state: 'refused' | 'checked' | 'queued' | 'running' | 'done' | 'failed' | 'cancelled';
  job_id: string | null;
  found: {
    kind: string;
    profile: string | null;
    recognised_as: string | null;
    rows: number;
    accepted: number;
    skipped: number;
    series: number | null;
    new: number;
    changed: number;
    unchanged: number;
    mapping: Record<string, string>;
    unused: string[];
    decisions: string[];
    total: number;
    mistakes: Mistake[];
  };
}

/** A write whose answer depends on nobody having changed the thing since it was read. */
export function sendMatched<T>(method: 'PATCH' | 'PUT', path: string, body: object, etag: string, key?: string): Promise<T> {
  const keyed: Record<string, string> = key === undefined ? {} : { 'Idempotency-Key': key };
  return request<T>(path, { method, body, headers: { 'If-Match': etag, ...keyed } });
}

const MEDIA: Record<string, string> = {
  csv: 'text/csv',
  txt: 'text/plain',
  tsv: 'text/tab-separated-values',
  gz: 'application/gzip',
  parquet: 'application/vnd.apache.parquet',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
};

/**
 * Send a file to be looked through; nothing is taken.
 *
 * @param onprogress Share that is sent, 0 to 1; at 1 the server looks at every cell.
 */
export function upload(
  file: Blob & { name: string },
  options: Record<string, string>,
  key: string,
  onprogress: (share: number) => void,
): { done: Promise<Import>; stop: () => void } {
  const call = new XMLHttpRequest();
  const done = new Promise<Import>((resolve, reject) => {
    const query = new URLSearchParams({ name: file.name });
    for (const [name, value] of Object.entries(options)) if (value !== '') query.set(name, value);
    call.open('POST', `${BASE}imports?${query.toString()}`);
    const ending = file.name.toLowerCase().split('.').pop() ?? '';
    call.setRequestHeader('Content-Type', MEDIA[ending] ?? 'application/octet-stream');
    call.setRequestHeader('Idempotency-Key', key);
    const token = session.who?.csrf_token;
    if (token) call.setRequestHeader('X-CSRF-Token', token);
    call.upload.onprogress = (event) => onprogress(event.total ? event.loaded / event.total : 0);
    call.onload = () => (call.status < 300 ? resolve(JSON.parse(call.responseText) as Import) : reject(problem(call)));
    call.onerror = () => reject(new ApiError('The server does not answer. Try again in a moment.', 0));
    call.onabort = () => reject(new ApiError('', 0));
    call.send(file);
  });
  return { done, stop: () => call.abort() };
}

function problem(call: XMLHttpRequest): ApiError {
  let body: Record<string, unknown> = {};
  try {
    body = JSON.parse(call.responseText) as Record<string, unknown>;
  } catch {
    // Not an answer of ours, such as one of a proxy.
  }
  return new ApiError(String(body.detail ?? body.title ?? `The server answered ${call.status}.`), call.status, body);
}
