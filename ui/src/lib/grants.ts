/** A person's grants as a matrix of roles and sites, and back. */

export interface Grant {
  role: string;
  sites: string[] | null;
}

/** Of each role: everywhere, at some sites, or not at all. */
export type Matrix = Record<string, { everywhere: boolean; sites: string[] }>;

export function matrixOf(grants: readonly Grant[], roles: readonly string[]): Matrix {
  const matrix: Matrix = {};
  for (const role of roles) {
    const given = grants.filter((grant) => grant.role === role);
    const sites = new Set(given.flatMap((grant) => grant.sites ?? []));
    matrix[role] = { everywhere: given.some((grant) => grant.sites === null), sites: [...sites].sort() };
  }
  return matrix;
}

/** One grant a role; everywhere holds the single sites in it. */
export function grantsOf(matrix: Matrix): Grant[] {
  return Object.entries(matrix)
    .filter(([, row]) => row.everywhere || row.sites.length > 0)
    .map(([role, row]) => ({ role, sites: row.everywhere ? null : [...row.sites].sort() }));
}

/** What the grants add up to: each permission's sentence, once, of any of the roles. */
export function opened(grants: readonly Grant[], permissions: readonly { says: string; roles: readonly string[] }[]): string[] {
  const roles = new Set(grants.map((grant) => grant.role));
  return permissions.filter((each) => each.roles.some((role) => roles.has(role))).map((each) => each.says);
}

/** `planner everywhere, picker at SR1 and SR2`, in the words of the page. */
export function grantWords(
  grants: readonly Grant[],
  words: { everywhere: string; at: string; and: string },
  roleWord: (role: string) => string,
): string {
  return grants
    .map((grant) => {
      const where = grant.sites === null ? words.everywhere : `${words.at} ${joined(grant.sites, words.and)}`;
      return `${roleWord(grant.role)} ${where}`;
    })
    .join(', ');
}

function joined(texts: readonly string[], and: string): string {
  if (texts.length < 2) return texts[0] ?? '';
  return `${texts.slice(0, -1).join(', ')} ${and} ${texts[texts.length - 1] ?? ''}`;
}
