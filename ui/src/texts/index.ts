/** The texts of the language in use; `t.signIn.title`. */

import { en } from './en.ts';

export type Texts = typeof en;
export const t: Texts = en;
