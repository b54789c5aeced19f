/** Times as a planner at the plant reads them: always in the plant's time zone. */

const MINUTE_MS = 60_000;
/** Within this span a bare clock time cannot be mistaken for another day's. */
const SAME_NIGHT_MS = 16 * 60 * MINUTE_MS;

export type Instant = string | number;

/** Clock times and days of one plant. */
export interface PlantTime {
  /** `03:10` */
  clock(at: Instant): string;
  /** `03:10:25` */
  seconds(at: Instant): string;
  /** `Mon 5` */
  day(at: Instant): string;
  /** `Mon 5 Jan` */
  date(at: Instant): string;
  /** `03:10`, or `Wed 03:10` when it is not in the next 16 hours. */
  when(at: Instant, now: number): string;
}

export function plantTime(zone: string): PlantTime {
  const format = (options: Intl.DateTimeFormatOptions) => {
    const formatter = new Intl.DateTimeFormat('en-GB', { timeZone: zone, ...options });
    return (at: Instant) => formatter.format(toMs(at));
  };
  const clock = format({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const seconds = format({
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  });
  const weekday = format({ weekday: 'short' });
  const dayOfMonth = format({ day: 'numeric' });
  const month = format({ month: 'short' });
  const day = (at: Instant) => `${weekday(at)} ${dayOfMonth(at)}`;
  return {
    clock,
    seconds,
    day,
    date: (at) => `${day(at)} ${month(at)}`,
    when: (at, now) => {
      const ahead = toMs(at) - now;
      const near = ahead > -SAME_NIGHT_MS / 2 && ahead < SAME_NIGHT_MS;
      return near ? clock(at) : `${weekday(at)} ${clock(at)}`;
    },
  };
}

export function toMs(at: Instant): number {
  return typeof at === 'number' ? at : Date.parse(at);
}

/** Whole minutes from `now` until `at`, rounded down; negative when it is past. */
export function minutesUntil(at: Instant, now: number): number {
  return Math.floor((toMs(at) - now) / MINUTE_MS);
}

/** `45 min`, `7 h 02 min`, `2 d 3 h` */
export function duration(minutes: number): string {
  const whole = Math.max(0, Math.round(minutes));
  if (whole < 60) return `${whole} min`;
  const hours = Math.floor(whole / 60);
  if (hours < 48) return `${hours} h ${String(whole % 60).padStart(2, '0')} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
