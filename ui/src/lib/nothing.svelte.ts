/** Whether this server has no plant yet: then no screen can show anything, and all say where one begins. */

import { ApiError } from './http.ts';

class Nothing {
  plant = $state(false);

  /** A screen could not get its figures. */
  heard(error: unknown): void {
    this.plant = error instanceof ApiError && error.problem.missing === 'plant';
  }
}

export const nothing = new Nothing();
