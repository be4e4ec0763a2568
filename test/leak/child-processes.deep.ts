// Every failure of the leak table, as a program prints it that ends by it, and all of them under every kind of secret.
import { it } from 'vitest';
import { allShowNothing, ending, endsWithoutSecret } from './child-processes.ts';
import { kinds } from './stage.ts';

it.each(kinds)('no failure shows anything of a secret that is %s', { timeout: 120_000 }, allShowNothing);

it.concurrent.each(ending)('a program that ends by $name prints nothing of the secret', endsWithoutSecret);
