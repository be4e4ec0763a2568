// Every failure of the leak table, as a program prints it that ends by it.
import { it } from 'vitest';
import { ending, endsWithoutSecret } from './child-processes.ts';

it.concurrent.each(ending)('a program that ends by $name prints nothing of the secret', endsWithoutSecret);
