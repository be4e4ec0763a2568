// What every resource works with.

import type { OnNewSecret } from '../auth/new-secret.ts';
import type { CallContext } from '../http/call-types.ts';
import type { PolicyMemory } from './policy-memory.ts';

export interface ClientContext extends CallContext {
  readonly policies: PolicyMemory;
  readonly onNewSecret: OnNewSecret | undefined;
}
