/** A moment that was typed as a clock time of the plant. */

/**
 * `2026-03-01T06:00` in a zone, as UTC. A time that the change to summer time leaves out is an hour later.
 */
export function instantIn(zone: string, typed: string): string {
  const wanted = Date.parse(`${typed}Z`);
  let at = wanted;
  // The offset is that of the moment itself, so the second look is right where the first was near a change.
  for (let look = 0; look < 2; look += 1) at = wanted - offset(zone, at);
  return new Date(at).toISOString();
}

function offset(zone: string, at: number): number {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  const parts = Object.fromEntries(format.formatToParts(at).map((part) => [part.type, part.value]));
  const shown = Date.parse(`${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}:${parts.second}Z`);
  return shown - Math.floor(at / 1000) * 1000;
}
