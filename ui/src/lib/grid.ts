/** Rows and columns of the heat grid, grouped as a person at the plant names them. */

import type { ControlRoom, Line, Shift } from './api.ts';
import type { PlantTime } from './time.ts';

export interface Row {
  line: Line;
  letter: string;
  /** Set on the first row of a showroom and of a station; the count is its rows. */
  showroom: { name: string; rows: number } | null;
  station: { name: string; rows: number } | null;
}

export interface Day {
  name: string;
  shifts: Shift[];
}

/** `SR1.ST2.A` below `SR1.ST2` is `A`; an id of another form is shown whole. */
export function shortName(id: string, parent: string): string {
  return id.startsWith(`${parent}.`) ? id.slice(parent.length + 1) : id;
}

export function rowsOf(room: ControlRoom): Row[] {
  const lines = [...room.lines].sort(
    (a, b) =>
      compare(a.showroom_id, b.showroom_id) ||
      compare(a.station_id, b.station_id) ||
      compare(a.line_id, b.line_id),
  );
  return lines.map((line, index) => {
    const above = lines[index - 1];
    const newShowroom = above?.showroom_id !== line.showroom_id;
    const newStation = newShowroom || above?.station_id !== line.station_id;
    const showroomRows = lines.filter((other) => other.showroom_id === line.showroom_id).length;
    const stationRows = lines.filter((other) => other.station_id === line.station_id).length;
    const station = shortName(line.station_id, line.showroom_id);
    return {
      line,
      letter: shortName(line.line_id, line.station_id),
      showroom: newShowroom ? { name: line.showroom_id, rows: showroomRows } : null,
      station: newStation ? { name: station, rows: stationRows } : null,
    };
  });
}

/** Shifts under the day on which they start. */
export function daysOf(shifts: readonly Shift[], time: PlantTime): Day[] {
  const days: Day[] = [];
  for (const shift of shifts) {
    const name = time.day(shift.start);
    const last = days.at(-1);
    if (last?.name === name) last.shifts.push(shift);
    else days.push({ name, shifts: [shift] });
  }
  return days;
}

/** As people count: ST2 before ST10. */
function compare(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
