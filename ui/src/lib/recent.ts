/** The parts that were looked at last, kept by the browser of this machine. */

export interface Visited {
  location: string;
  part: string;
}

const KEY = 'supplynet.parts';
const MOST = 8;

/** A visit in front of those before it, each once. */
export function withVisit(before: readonly Visited[], visit: Visited): Visited[] {
  const others = before.filter((each) => each.location !== visit.location || each.part !== visit.part);
  return [visit, ...others].slice(0, MOST);
}

export function readVisits(): Visited[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    if (!Array.isArray(kept)) return [];
    return kept.filter((each: Visited) => typeof each?.location === 'string' && typeof each?.part === 'string');
  } catch {
    return [];
  }
}

export function rememberVisit(visit: Visited): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(withVisit(readVisits(), visit)));
  } catch {
    // A browser that keeps nothing still shows everything.
  }
}
