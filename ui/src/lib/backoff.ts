const FIRST_MS = 1_000;
const LONGEST_MS = 15_000;

/** One pending retry at a time; the wait doubles up to 15 s and is spread by up to a fifth. */
export class Backoff {
  #wait = FIRST_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;

  schedule(retry: () => void): void {
    if (this.#timer !== undefined) return;
    // Spread out, so that a room full of screens does not come back in the same instant.
    const wait = this.#wait * (1 + Math.random() / 5);
    this.#wait = Math.min(this.#wait * 2, LONGEST_MS);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      retry();
    }, wait);
  }

  reset(): void {
    this.cancel();
    this.#wait = FIRST_MS;
  }

  cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
