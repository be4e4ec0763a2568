// Watches undici's dispatcher, where the caller gives one: it says when a request gets its connection, so a failure before
// that was surely not sent, whatever the error looks like: a lookup, a proxy's tunnel, a TLS handshake.

/** What is known of a request that goes through a dispatcher. */
export interface WatchedDispatcher {
  /** To be given to fetch in place of the caller's. */
  readonly dispatcher: object;
  /** Whether the dispatcher took the request and never had a connection to write it to. */
  readonly unsent: boolean;
}

interface Dispatcher {
  dispatch(options: object, handler: object): unknown;
}

const isDispatcher = (value: unknown): value is Dispatcher =>
  typeof value === 'object' && value !== null && typeof Reflect.get(value, 'dispatch') === 'function';

/** undici calls these right before it writes a request: the one in version 7, the other before that. */
const STARTS: readonly PropertyKey[] = ['onRequestStart', 'onConnect'];

/** A dispatcher that passes everything on; `undefined` for what is none, and for a mock, which has no connections. */
export function watchDispatcher(dispatcher: unknown): WatchedDispatcher | undefined {
  if (!isDispatcher(dispatcher) || Reflect.get(dispatcher, 'isMockActive') === true) return undefined;
  let dispatched = false;
  let started = false;
  const watchedHandler = (handler: object) =>
    new Proxy(handler, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          if (STARTS.includes(name)) started = true;
          return Reflect.apply(value, target, args);
        };
      },
    });
  return {
    dispatcher: {
      dispatch(options: object, handler: object): unknown {
        dispatched = true;
        return dispatcher.dispatch(options, watchedHandler(handler));
      },
    },
    get unsent() {
      return dispatched && !started;
    },
  };
}
