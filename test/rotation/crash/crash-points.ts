// Where a rotation can die: before, in and after everything it does that outlasts it: a write of the record, a call that
// changes something at the service, a put to a sink. Used by the child that is really killed, and by the simulation.
import type { FetchLike } from 'blazemeter-client';
import type { CredentialStore, SecretSink } from 'blazemeter-client/rotation';

/**
 * `before`: it was not begun. `during`: the request has left and its caller is gone. `in`: in the middle of the
 * write of a file, the lock in hand. `after`: it is done, and the process does not know yet.
 */
export type Side = 'before' | 'during' | 'in' | 'after';

/** At the n-th point of a run, counted from 1. */
export interface Kill {
  readonly at: number;
  readonly side: Side;
}

export class Points {
  /** What the points were, in order. */
  readonly names: string[] = [];
  readonly #kill: Kill | undefined;
  readonly #die: () => Promise<never>;

  constructor(kill: Kill | undefined, die: () => Promise<never>) {
    this.#kill = kill;
    this.#die = die;
  }

  /** Whether the point that is being worked on is to be died at in this way. */
  dies(side: Side): boolean {
    return this.#kill?.at === this.names.length && this.#kill.side === side;
  }

  async #pass<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.names.push(name);
    if (this.dies('before')) return this.#die();
    const working = work();
    if (this.dies('during')) {
      working.catch(() => {});
      // Long enough for the request to leave, mostly: whether it arrives makes two cases, and both are to be survived.
      await new Promise((done) => setTimeout(done, 2));
      return this.#die();
    }
    const result = await working;
    if (this.dies('after')) return this.#die();
    return result;
  }

  fetch(inner: FetchLike): FetchLike {
    return (url, init) => {
      const method = init?.method ?? 'GET';
      const send = () => inner(url, init);
      if (method === 'GET') return send();
      const path = new URL(url).pathname.replace(/^.*\/api-keys/, '').replace(/[0-9a-f]{24}/, 'id');
      return this.#pass(`${method} ${path || '/'}`, send);
    };
  }

  store(inner: CredentialStore): CredentialStore {
    return {
      read: () => inner.read(),
      write: (record, options) => this.#pass(`write ${record.phase}`, () => inner.write(record, options)),
    };
  }

  sink(inner: SecretSink): SecretSink {
    return {
      name: inner.name,
      put: (delivery, options) => this.#pass('put', () => inner.put(delivery, options)),
    };
  }
}
