// What an operation is given.

import type { Caller } from './authenticate.ts';
import type { Mint } from './identity.ts';
import type { ListBend } from './lists.ts';
import type { Semantics } from './semantics.ts';
import type { KeyRecord, State } from './state.ts';

export interface Context {
  readonly caller: Caller;
  readonly state: State;
  readonly semantics: Semantics;
  readonly mint: Mint;
  /** Milliseconds, and whole seconds, of the reference's clock. */
  readonly ms: number;
  readonly now: number;
  /** The segment of the path that stands for `*`. */
  readonly id: string;
  /** Undefined where the request has no query. */
  readonly query: URLSearchParams | undefined;
  /** The JSON body: an object, `{}` where there is none. Refuses with 400 what is neither. */
  readonly body: () => Readonly<Record<string, unknown>>;
  readonly bend: ListBend | undefined;
  /** The lists of keys as a fault wants them shown. */
  readonly staleKeys: ReadonlyMap<number, readonly KeyRecord[]> | undefined;
}
