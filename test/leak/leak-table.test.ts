// The leak table, with every failure under one of the kinds of secrets; leak-table.deep.ts has it whole.
import { echoFailures, failures } from './failures.ts';
import { leakTable } from './leak-table.ts';
import { kinds } from './stage.ts';

const all = failures.concat(echoFailures);

leakTable((kind) => all.filter((_, at) => kinds[at % kinds.length] === kind));
