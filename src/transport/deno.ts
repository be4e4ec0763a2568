// Deno's fetch sends a request again by itself where a kept connection closes without an answer, a POST too: a create would
// make two keys, and nothing here would know. On a connection of its own a request is sent once.

interface Deno {
  createHttpClient(options: { readonly poolMaxIdlePerHost: number }): object;
}

const hasClients = (value: unknown): value is Deno =>
  typeof value === 'object' && value !== null && typeof Reflect.get(value, 'createHttpClient') === 'function';

let client: object | undefined;

/** What the init of a write needs so that it is sent once: nothing, but on Deno. */
export function sentOnce(method: string): { readonly client?: object } {
  const deno: unknown = Reflect.get(globalThis, 'Deno');
  if (method !== 'POST' || !hasClients(deno)) return {};
  client ??= deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  return { client };
}
