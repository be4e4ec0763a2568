/**
 * Where credentials come from, and where they go, on a machine that has files, an environment and programs.
 *
 * @module blazemeter-client/node
 */

export { type DefaultCredentialsOptions, defaultCredentials } from './chain.ts';
export { azurePipelines, githubActions } from './ci-emitters.ts';
export { type CommandOptions, fromCommand } from './command.ts';
export { type EnvironmentOptions, fromEnvironment } from './environment.ts';
export { fromKeyFile } from './key-file.ts';
export type { FileOptions } from './private-file.ts';
export { fromTaurus, type TaurusOptions } from './taurus.ts';
export { type WriteKeyFileOptions, writeKeyFile } from './write-key-file.ts';
