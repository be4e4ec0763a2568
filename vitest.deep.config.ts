// The long runs: what `npm test` plays a sample of, in full. They print their figures.
import { mergeConfig } from 'vitest/config';
import base from './vitest.config.ts';

const config = mergeConfig(base, { test: { disableConsoleIntercept: true } });
config.test = { ...config.test, projects: undefined, include: ['test/**/*.deep.ts'] };

export default config;
