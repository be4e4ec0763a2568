// The one place that reaches for Node's own modules. Nothing is imported statically, so that the main entry, which holds
// the default chain, also loads in browsers and survives every bundler.

import { CredentialsError } from '../errors.ts';

/** Node's modules that this room uses. */
interface Builtins {
  readonly 'node:buffer': typeof import('node:buffer');
  readonly 'node:child_process': typeof import('node:child_process');
  readonly 'node:crypto': typeof import('node:crypto');
  readonly 'node:fs': typeof import('node:fs');
  readonly 'node:os': typeof import('node:os');
  readonly 'node:path': typeof import('node:path');
}

/** The module of that name, asked for at the time of use. */
export function builtin<Id extends keyof Builtins>(id: Id): Builtins[Id] {
  // A browser has no `process`, and a bundler's stand-in for it has no such function.
  const host = globalThis.process;
  if (typeof host?.getBuiltinModule !== 'function')
    throw new CredentialsError(
      'Only Node 20.16 or later, Bun and Deno can look for credentials. Elsewhere, give `credentials`.',
    );
  return host.getBuiltinModule(id);
}
