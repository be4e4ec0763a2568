// Text from outside in every output of every command, in all forms.

import { describe } from 'vitest';
import { injection, payloads } from './support/injection.ts';

describe.each(Object.entries(payloads))('%s', (_, payload) => injection(payload, 'all'));
