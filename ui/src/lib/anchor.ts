/** Plant time from device time: where the plant's clock stood at a moment, and how fast it runs. */

export interface Anchor {
  plant: number;
  at: number;
  speed: number;
}

export function plantMoment(anchor: Anchor, at: number): number {
  return anchor.plant + (at - anchor.at) * anchor.speed;
}

/** What was kept, or a clock that shows the device's own time. */
export function parseAnchor(kept: string | null, now: number): Anchor {
  const own = { plant: now, at: now, speed: 1 };
  try {
    const read = JSON.parse(kept ?? 'null') as Partial<Anchor> | null;
    const numbers = [read?.plant, read?.at, read?.speed];
    return numbers.every((each) => typeof each === 'number' && Number.isFinite(each)) ? (read as Anchor) : own;
  } catch {
    return own;
  }
}
