// The only place that loads Node's modules. None is imported statically, so that the main entry point, which includes the
// default credentials, also loads in browsers and works with every bundler.

import { CredentialsError } from '../errors.ts';

/** The modules of Node that this package uses. */
interface Builtins {
  readonly 'node:buffer': typeof import('node:buffer');
  readonly 'node:child_process': typeof import('node:child_process');
  readonly 'node:crypto': typeof import('node:crypto');
  readonly 'node:fs': typeof import('node:fs');
  readonly 'node:os': typeof import('node:os');
  readonly 'node:path': typeof import('node:path');
}

/** A module of Node, loaded when it is used. */
export function builtin<Id extends keyof Builtins>(id: Id): Builtins[Id] {
  // A browser has no `process`, and a bundler's replacement for it has no such function.
  const host = globalThis.process;
  if (typeof host?.getBuiltinModule !== 'function')
    throw new CredentialsError(
      'Files, programs and default credentials need Node 20.19 or later, Bun or Deno. Elsewhere, pass `credentials` as values.',
    );
  return host.getBuiltinModule(id);
}
