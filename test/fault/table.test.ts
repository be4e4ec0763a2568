// Every failure on every operation; on one operation it lasts, on the next it happens once. Both on each: fault-table.deep.ts.
import { faultTable } from './fault-table.ts';

faultTable((row, operation) => [(row + operation) % 2 === 0]);
