// Everything that a program can reach from a value without calling its methods: own properties, symbols and hidden ones
// included, down every prototype, through getters, maps, sets, lists and bytes.

const MOST = 20_000;

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

/** What every program has; what is in there belongs to nobody. */
const shared = new Set<unknown>(
  [
    Object,
    Function,
    Array,
    Error,
    TypeError,
    Promise,
    Map,
    Set,
    WeakMap,
    WeakSet,
    Date,
    RegExp,
    Symbol,
    String,
    Number,
    Boolean,
    URL,
    Headers,
    Request,
    Response,
    AbortController,
    AbortSignal,
    EventTarget,
    Uint8Array,
    ArrayBuffer,
  ].flatMap((kind) => [kind, kind.prototype]),
);
shared.add(globalThis);
shared.add(process);

/** All texts that can be reached, names of properties included. */
export function everythingIn(root: unknown): string {
  const seen = new Set<unknown>();
  const texts: string[] = [];
  const waiting: unknown[] = [root];

  /** Does what may throw; what it throws is a finding as well. */
  const trying = (run: () => unknown): void => {
    try {
      const found = run();
      // A promise that a getter gives is looked at, not waited for: that it rejects is no matter.
      if (found instanceof Promise) Promise.prototype.catch.call(found, () => {});
      waiting.push(found);
    } catch (error) {
      waiting.push(error);
    }
  };

  const look = (value: object): void => {
    for (let holder: object | null = value; holder !== null; holder = Reflect.getPrototypeOf(holder)) {
      // The properties of a shared prototype are asked for as those of this value, but not followed for themselves.
      for (const key of Reflect.ownKeys(holder)) {
        const descriptor = Reflect.getOwnPropertyDescriptor(holder, key);
        if (!shared.has(holder)) {
          texts.push(String(key));
          waiting.push(descriptor?.value, descriptor?.get, descriptor?.set);
        }
        if (descriptor?.get !== undefined) trying(() => Reflect.get(value, key, value));
      }
    }
    if (
      value instanceof Map ||
      value instanceof Set ||
      value instanceof Headers ||
      value instanceof URLSearchParams
    )
      trying(() => [...value]);
    if (typeof value === 'function') texts.push(Function.prototype.toString.call(value));
    if (value instanceof ArrayBuffer) trying(() => new Uint8Array(value));
    if (value instanceof Uint8Array) texts.push(Buffer.from(value).toString('latin1'));
  };

  for (let value = waiting.pop(); waiting.length > 0 || value !== undefined; value = waiting.pop()) {
    if (!isObject(value)) {
      if (value !== undefined) texts.push(typeof value === 'string' ? value : String(value));
      continue;
    }
    if (seen.has(value) || shared.has(value)) continue;
    seen.add(value);
    if (seen.size > MOST) throw new Error('There is more to walk through than there should be.');
    look(value);
  }
  return texts.join('\n');
}
