// Text from outside in the output of every other command. `npm run test:deep` has all commands in all forms.

import { describe, expect, it } from 'vitest';
import { obeyed, payloads } from '../support/acting.ts';
import { referenceCommand } from '../support/reference-command.ts';
import { injection, referenceOutputs } from './support/injection.ts';

const command = referenceCommand();

describe.each(Object.entries(payloads).filter((_, at) => at % 3 === 1))('%s', (_, payload) =>
  injection(payload, 'some'),
);

it('acts in no output of blazemeter-reference', async () => {
  const printed = await referenceOutputs(command, Object.values(payloads));
  expect(printed.flatMap(obeyed)).toEqual([]);
});
