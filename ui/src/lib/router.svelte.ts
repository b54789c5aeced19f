/** Where we are: the part of the address behind `#/`, so that the server need not know of screens. */

import { MediaQuery } from 'svelte/reactivity';

const PHONE = new MediaQuery('max-width: 700px');

class Route {
  /** `stock/SR1` of `#/stock/SR1?part=P-1`. */
  path = $state('');
  query = $state.raw(new URLSearchParams());

  constructor() {
    this.#read();
    addEventListener('hashchange', () => this.#read());
  }

  /** The first step of the path: which screen. */
  get screen(): string {
    return this.path.split('/', 1)[0] ?? '';
  }

  /** What follows the screen: `['SR1', 'P-1']` of `part/SR1/P-1`. */
  get rest(): string[] {
    return this.path.split('/').slice(1).map(decodeURIComponent);
  }

  /** A display on the wall shows the control room alone; a phone that was sent its address is none. */
  get wall(): boolean {
    return this.path === '' && this.query.has('wall') && !PHONE.current;
  }

  #read(): void {
    const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?', 2);
    this.path = path;
    this.query = new URLSearchParams(query);
  }
}

export const route = new Route();

/** The address of a screen, for links. */
export function href(screen: string, ...rest: string[]): string {
  return `#/${[screen, ...rest.map(encodeURIComponent)].join('/')}`;
}

export function go(screen: string, ...rest: string[]): void {
  location.hash = href(screen, ...rest);
}
