/** From figures to places on a chart, and back: pure, so that charts only draw. */

export interface Scale {
  (value: number): number;
  /** The value at a place. */
  invert(place: number): number;
}

/** Straight from a domain onto a range; a domain without length lies in the middle. */
export function linear(domain: readonly [number, number], range: readonly [number, number]): Scale {
  const [from, to] = domain;
  const [start, end] = range;
  const length = to - from;
  const scale = (value: number) => (length === 0 ? (start + end) / 2 : start + ((value - from) / length) * (end - start));
  const invert = (place: number) => (end === start ? from : from + ((place - start) / (end - start)) * length);
  return Object.assign(scale, { invert });
}

/** Round numbers that cover 0 to `most`, about `count` of them: 0, 200, 400, 600. */
export function ticks(most: number, count = 4): number[] {
  if (!(most > 0)) return [0, 1];
  const raw = most / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = Math.max(1, [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => each >= raw) ?? raw);
  const found = [];
  for (let value = 0; value < most + step * 0.999; value += step) found.push(Math.round(value * 1e6) / 1e6);
  return found;
}

/** `1,200` as it is, `12k` and `1.2M` where room is short. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6) return `${trim(value / 1e6)}M`;
  if (size >= 1e4) return `${trim(value / 1e3)}k`;
  return value.toLocaleString('en', { maximumFractionDigits: 1 });
}

function trim(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: 1 });
}

export type Point = readonly [number, number];

export function linePath(points: readonly Point[]): string {
  return points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${round(x)} ${round(y)}`).join('');
}

/** The area between two lines that run in the same direction. */
export function areaPath(upper: readonly Point[], lower: readonly Point[]): string {
  if (upper.length === 0) return '';
  return `${linePath(upper)}${linePath([...lower].reverse()).replace('M', 'L')}Z`;
}

/** Each value held over its span: `[[x0, x1, y], ...]` as the corners of stairs. */
export function stairs(spans: readonly (readonly [number, number, number])[]): Point[] {
  return spans.flatMap(([from, to, y]): Point[] => [
    [from, y],
    [to, y],
  ]);
}

/** Which of ascending places is nearest; -1 of none. */
export function nearest(places: readonly number[], wanted: number): number {
  let best = -1;
  for (const [index, place] of places.entries()) {
    if (best === -1 || Math.abs(place - wanted) < Math.abs((places[best] ?? 0) - wanted)) best = index;
  }
  return best;
}

/** Of labels that are `room` apart at least: which are shown, the later of two near ones giving way. */
export function apart(places: readonly number[], room: number): boolean[] {
  let last = -Infinity;
  return places.map((place) => {
    if (place - last < room) return false;
    last = place;
    return true;
  });
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
