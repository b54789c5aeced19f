/** Asks "what if" and waits for the answer, at once or as a job that can be cancelled. */

import { get, post, request, said } from './http.ts';
import { newKey } from './intent.ts';
import type { Answer, Body, Job } from './what_if.ts';
import { isJob } from './what_if.ts';

const POLL_MS = 1_000;
/** What is answered at once takes up to ten seconds, and may wait for another's turn. */
const PATIENCE_MS = 90_000;

export class Asking {
  answer = $state.raw<Answer | null>(null);
  job = $state.raw<Job | null>(null);
  busy = $state(false);
  problem = $state<string | null>(null);

  #key: string | null = null;
  #asked = '';
  #round = 0;

  async ask(body: Body): Promise<void> {
    const text = JSON.stringify(body);
    // The same question again, because its answer was lost, is the same request.
    if (this.#key === null || text !== this.#asked) this.#key = newKey();
    this.#asked = text;
    const round = ++this.#round;
    this.busy = true;
    this.problem = null;
    this.job = null;
    try {
      const headers = { 'Idempotency-Key': this.#key };
      let found = await request<Answer | Job>('what-if', { method: 'POST', body, headers, timeout: PATIENCE_MS });
      while (isJob(found)) {
        if (round !== this.#round) return;
        this.job = found;
        if (found.state === 'done' && found.result) found = found.result;
        else if (found.state === 'failed') throw new Error(found.error ?? found.message);
        else if (found.state === 'cancelled') break;
        else found = await this.#later(found.job_id);
      }
      if (round !== this.#round) return;
      this.#key = null;
      if (!isJob(found)) this.answer = found;
    } catch (error) {
      if (round === this.#round) this.problem = said(error);
    } finally {
      if (round === this.#round) {
        this.busy = false;
        this.job = null;
      }
    }
  }

  async cancel(): Promise<void> {
    const job = this.job;
    if (!job) return;
    try {
      await post(`jobs/${encodeURIComponent(job.job_id)}/cancel`);
      this.#key = null;
    } catch (error) {
      this.problem = said(error);
    }
  }

  /** Nobody waits any more. */
  leave(): void {
    this.#round += 1;
  }

  async #later(jobId: string): Promise<Job> {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    return get<Job>(`jobs/${encodeURIComponent(jobId)}`);
  }
}
