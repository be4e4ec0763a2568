// Both builds in one program, subclasses included: what one creates, the other takes. Compiles with the oldest TypeScript.

import { AuthenticationError, BlazeMeterClient, RequestSigner, Secret } from 'blazemeter-client';

import main = require('blazemeter-client');

class ModuleClient extends BlazeMeterClient {}
class CommonClient extends main.BlazeMeterClient {}
class ModuleSigner extends RequestSigner {}
class CommonSigner extends main.RequestSigner {}

const credentials = 'an-id:a-secret';
const origins = ['https://blazemeter.example.com'];
export const clients: BlazeMeterClient[] = [
  new ModuleClient({ credentials }),
  new CommonClient({ credentials }),
];
export const commonClients: main.BlazeMeterClient[] = clients;
export const signers: RequestSigner[] = [
  new ModuleSigner(credentials, { origins }),
  new CommonSigner(credentials, { origins }),
];
export const commonSigners: main.RequestSigner[] = signers;
export const secrets: Secret[] = [Secret.from('one'), main.Secret.from('two')];
export const commonSecrets: main.Secret[] = secrets;

export function statusOf(error: unknown): number | undefined {
  if (error instanceof AuthenticationError) {
    const common: main.AuthenticationError = error;
    return common.status;
  }
  return error instanceof main.AuthenticationError ? statusOf(error) : undefined;
}

// @ts-expect-error a signer is no client
export const wrong: main.BlazeMeterClient = new ModuleSigner(credentials, { origins });
