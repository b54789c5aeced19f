/** Rows must not move under the hand that is about to press a button: one rule for all lists. */

/** A pointer or a focus that was left behind must not hold a list for the rest of the night. */
const IDLE_MS = 30_000;

export class Held {
  /** Whether the order has to stay as it is. */
  on = $state(false);

  readonly #place: () => HTMLElement | undefined;
  #idle: ReturnType<typeof setTimeout> | undefined;

  /** @param place Where the pointer or the focus holds. */
  constructor(place: () => HTMLElement | undefined) {
    this.#place = place;
  }

  /** The pointer moved or a key was pressed there. */
  readonly hold = (): void => {
    this.on = true;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(this.free, IDLE_MS);
  };

  /** The pointer or the focus may have left: in `focusout` the next element is not focused yet. */
  readonly release = (): void => {
    setTimeout(() => {
      if (!this.#place()?.matches(':hover, :focus-within')) this.free();
    });
  };

  /** Whoever is there asks for another order. */
  readonly free = (): void => {
    this.on = false;
  };
}
