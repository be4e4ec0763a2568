// Every failure on every operation, lasting and once.
import { faultTable } from './fault-table.ts';

faultTable(() => [true, false]);
