// What a command is: the shape of its line, and what it does.

import type { CommandShape, Options } from './command-line.ts';
import type { Context } from './context.ts';
import type { ExitCode } from './exit-codes.ts';

export interface Command extends CommandShape {
  run(context: Context): Promise<ExitCode>;
}

export const YES: Options = { yes: { short: 'y', help: 'do not ask' } };
export const ALLOW_SELF: Options = {
  'allow-self': { help: 'do it even to the key that signs this very call' },
};
export const ACCOUNT: Options = {
  account: { value: '<id>', help: "which account; default: the user's default account" },
};
