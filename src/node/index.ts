/**
 * Sources of credentials, and targets for new ones, on a machine with files, an environment and programs.
 *
 * @module blazemeter-client/node
 */

export { type DefaultCredentialsOptions, defaultCredentials } from './chain.ts';
export { azurePipelines, ciMasking, githubActions, type SecretMasker } from './ci-emitters.ts';
export { ciRunOwner } from './ci-owner.ts';
export { type CommandOptions, fromCommand } from './command.ts';
export { type EnvironmentOptions, fromEnvironment } from './environment.ts';
export { fromKeyFile } from './key-file.ts';
export { type KeyFileSink, type KeyFileSinkOptions, keyFileSink } from './key-file-sink.ts';
export type { FileOptions } from './private-file.ts';
export { type ServiceAccount, type ServiceAccountOptions, serviceAccount } from './service-account.ts';
export { fromTaurus, type TaurusOptions } from './taurus.ts';
export { type WriteKeyFileOptions, writeKeyFile } from './write-key-file.ts';
