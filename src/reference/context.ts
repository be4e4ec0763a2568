// What an operation receives.

import type { Caller } from './authenticate.ts';
import type { IdGenerator } from './identity.ts';
import type { Semantics } from './semantics.ts';
import type { KeyRecord, State } from './state.ts';

/** How a fault changes a list. */
export interface ListFault {
  readonly capLimit?: number;
  readonly repeatPage?: boolean;
  /** What `total` says instead; `omit` leaves it out. */
  readonly total?: number | null | string;
}

export interface Context {
  readonly caller: Caller;
  readonly state: State;
  readonly semantics: Semantics;
  readonly ids: IdGenerator;
  /** Milliseconds, and whole seconds, of the reference's clock. */
  readonly ms: number;
  readonly now: number;
  /** The parameters of the path. */
  readonly params: Readonly<Record<string, string>>;
  /** The one that names what the operation is about; empty where there is none. */
  readonly id: string;
  /** Undefined where the request has no query. */
  readonly query: URLSearchParams | undefined;
  /** The JSON body: an object, `{}` where there is none. Refuses anything else with 400. */
  readonly body: () => Readonly<Record<string, unknown>>;
  /** The JSON body, whatever it is; `{}` where there is none. Refuses what is no JSON with 400. */
  readonly json: () => unknown;
  readonly listFault: ListFault | undefined;
  /** The lists of keys as a fault shows them. */
  readonly staleKeys: ReadonlyMap<number, readonly KeyRecord[]> | undefined;
}
