// The whole leak table: every failure under every kind of secret.
import { echoFailures, failures } from './failures.ts';
import { leakTable } from './leak-table.ts';

leakTable(() => failures.concat(echoFailures));
