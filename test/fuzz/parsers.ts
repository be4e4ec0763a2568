// All parsers of what comes from outside.
import type { Fuzzed } from './fuzz.ts';
import { ofFiles } from './of-files.ts';
import { ofRecords } from './of-records.ts';
import { ofAnswers } from './of-responses.ts';
import { ofTexts } from './of-texts.ts';

export const parsers: readonly Fuzzed[] = [...ofTexts, ...ofAnswers, ...ofFiles, ...ofRecords];
