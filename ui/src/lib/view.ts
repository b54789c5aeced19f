/** What a table shows, as the query of its address: a link opens the same view for a colleague. */

import type { Sorting } from './table.ts';

export interface View {
  filters: Record<string, string>;
  search: string;
  sorting: Sorting | null;
}

const SEARCH = 'q';
const SORT = 'sort';

/** `line=SR1&cover=<1&sort=-cover`; what is no column is left alone. */
export function viewOf(query: URLSearchParams, columns: readonly string[], sorting: Sorting | null = null): View {
  const filters: Record<string, string> = {};
  for (const key of columns) {
    const typed = query.get(key);
    if (typed) filters[key] = typed;
  }
  const sort = query.get(SORT);
  const key = sort?.replace(/^-/, '') ?? '';
  return {
    filters,
    search: query.get(SEARCH) ?? '',
    sorting: sort === '' ? null : columns.includes(key) ? { key, down: sort?.startsWith('-') ?? false } : sorting,
  };
}

/** The query of a view, without what goes without saying. */
export function queryOf(view: View, sorting: Sorting | null = null): URLSearchParams {
  const query = new URLSearchParams();
  if (view.search.trim()) query.set(SEARCH, view.search.trim());
  for (const [key, typed] of Object.entries(view.filters)) if (typed.trim()) query.set(key, typed.trim());
  const now = view.sorting;
  const same = now === sorting || (now?.key === sorting?.key && now?.down === sorting?.down);
  if (!same) query.set(SORT, now === null ? '' : `${now.down ? '-' : ''}${now.key}`);
  return query;
}

/** Write it into the address without a step of its own for the back button. */
export function writeView(path: string, query: URLSearchParams): void {
  const text = query.toString();
  const hash = `#/${path}${text ? `?${text}` : ''}`;
  if (location.hash !== hash) history.replaceState(history.state, '', hash);
}
