/** The rows of a table in their order; each step is done again only where what it is made of is new. */

import type { Held } from './held.svelte.ts';
import { frozen } from './table.ts';
import type { Column, Sorting } from './table.ts';
import { inOrder, keysOf, passing, ranksOf, searchable } from './table_order.ts';
import type { Keys } from './table_order.ts';

export interface Asked<Row> {
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  readonly rowKey: (row: Row) => string;
  readonly filters: Readonly<Record<string, string>>;
  readonly search: string;
  readonly sorting: Sorting | null;
}

export class TableRows<Row> {
  readonly #asked: Asked<Row>;
  readonly #held: Held;

  /** @param asked With getters that read the table's own properties. */
  constructor(asked: Asked<Row>, held: Held) {
    this.#asked = asked;
    this.#held = held;
  }

  /** As one text, so that a letter more in a filter changes nothing here. */
  readonly #filteredKeys = $derived.by(() => {
    const { columns, filters } = this.#asked;
    return columns.map((column) => column.key).filter((key) => filters[key]?.trim()).join('\n');
  });
  readonly #keys = $derived.by(() => {
    const wanted = this.#filteredKeys.split('\n');
    const of = (column: Column<Row>): [string, Keys] => [column.key, keysOf(this.#asked.rows, column.value)];
    return new Map(this.#asked.columns.filter((column) => wanted.includes(column.key)).map(of));
  });

  readonly #wanted = $derived.by(() => this.#asked.search.trim().toLowerCase());
  readonly #searching = $derived(this.#wanted !== '');
  readonly #searchable = $derived.by(() => {
    if (!this.#searching) return [];
    const { rows, columns } = this.#asked;
    return searchable(columns.map((column) => keysOf(rows, column.value)), rows.length);
  });

  readonly #sortKey = $derived.by(() => this.#asked.sorting?.key);
  readonly #ranks = $derived.by(() => {
    const column = this.#asked.columns.find((each) => each.key === this.#sortKey);
    return column ? ranksOf(this.#asked.rows.map(column.value)) : null;
  });

  readonly #places = $derived.by(() => {
    const typed = [...this.#keys].map(([key, keys]) => [keys, this.#asked.filters[key] ?? ''] as const);
    const places = passing(this.#asked.rows.length, typed);
    return this.#searching ? places.filter((place) => this.#searchable[place]?.includes(this.#wanted)) : places;
  });

  /** The rows that pass, as they come. */
  readonly #passed = $derived(this.#places.map((place) => this.#asked.rows[place] as Row));

  readonly #sorted = $derived.by(() => {
    if (!this.#ranks) return this.#passed;
    const places = inOrder(this.#places, this.#ranks, this.#asked.sorting?.down === true);
    return places.map((place) => this.#asked.rows[place] as Row);
  });

  /** What to show: under the pointer everything keeps the place that it had `before`. */
  after(before: readonly Row[]): readonly Row[] {
    const [passed, last] = [this.#passed, this.#shownOf];
    this.#shownOf = passed;
    if (!this.#held.on) return this.#sorted;
    return passed === last ? before : frozen(before.map(this.#asked.rowKey), passed, this.#asked.rowKey);
  }

  #shownOf: readonly Row[] | null = null;
}
