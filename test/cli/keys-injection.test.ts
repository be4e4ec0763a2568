// Text from outside in the output of every other command. `npm run test:deep` has all commands in all forms.

import { describe } from 'vitest';
import { injection, payloads } from './support/injection.ts';

describe.each(Object.entries(payloads))('%s', (_, payload) => injection(payload, 'some'));
