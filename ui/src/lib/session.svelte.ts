/** Who sits here and what they may do. */

import { ApiError, bindSession, get, post, request } from './http.ts';

export interface Session {
  actor: string;
  display_name: string;
  how: 'password' | 'badge' | 'token' | 'local';
  must_change_password: boolean;
  expires_at: string | null;
  /** Permission to the sites where it holds; null = everywhere. */
  permissions: Record<string, string[] | null>;
  sites: string[];
  csrf_token: string | null;
}

type State = 'asking' | 'out' | 'in' | 'unreachable';

const RETRY_MS = 3_000;
/** Who was signed in here last: the floor's screens open by it while there is no network. */
const LAST = 'supplynet.who';

class CurrentSession {
  state = $state<State>('asking');
  who = $state.raw<Session | null>(null);
  /** Nobody has an account here yet: what to type is said instead of asking for a password. */
  setup = $state<string | null>(null);
  /** The session ended while somebody worked: what they had open stays behind the sign-in. */
  expired = $state(false);

  async start(): Promise<void> {
    try {
      this.#take(await get<Session>('session'));
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) {
        this.setup = error.problem.setup === true ? error.message : null;
        this.who = null;
        this.state = 'out';
        return;
      }
      this.who ??= remembered();
      this.state = 'unreachable';
      setTimeout(() => void this.start(), RETRY_MS);
    }
  }

  async signIn(name: string, password: string): Promise<void> {
    this.#take(await post<Session>('session', { name, password }));
  }

  async signInByBadge(badge: string): Promise<void> {
    this.#take(await post<Session>('session/badge', { badge }));
  }

  async changePassword(current: string, next: string): Promise<void> {
    this.#take(await post<Session>('session/password', { current, new: next }));
  }

  async signOut(): Promise<void> {
    await request('session', { method: 'DELETE' });
    localStorage.removeItem(LAST);
    this.who = null;
    this.expired = false;
    this.state = 'out';
    bindSession(null, () => {});
  }

  may(permission: string, site?: string | null): boolean {
    const sites = this.who?.permissions[permission];
    if (sites === undefined) return false;
    return sites === null || site === undefined || (site !== null && sites.includes(site));
  }

  #take(session: Session): void {
    this.who = session;
    localStorage.setItem(LAST, JSON.stringify({ ...session, csrf_token: null }));
    this.state = 'in';
    this.setup = null;
    this.expired = false;
    bindSession(session.csrf_token, () => {
      this.expired = true;
      this.state = 'out';
    });
  }
}

function remembered(): Session | null {
  try {
    return JSON.parse(localStorage.getItem(LAST) ?? 'null') as Session | null;
  } catch {
    return null;
  }
}

export const session = new CurrentSession();
