// A plugin of your own, as small as they come: finds the load test of a name in the project that the user works in.
import { RequestSigner } from 'blazemeter-client';

export interface Found {
  readonly id: number;
  readonly name: string;
}

/** An error for the log of a build, which a person reads and can act on. It holds no secret. */
export class PluginError extends Error {
  override name = 'PluginError';
}

const BASE = 'https://a.blazemeter.com/api/v4';

export async function findTest(key: { id: string; secret: string }, name: string): Promise<Found> {
  const signer = new RequestSigner(key);
  const call = async (path: string) => {
    const response = await signer.fetch(`${BASE}${path}`).catch(() => {
      throw new PluginError('BlazeMeter was not reached.');
    });
    if (response.status === 401)
      throw new PluginError(`BlazeMeter does not accept the key ${key.id}: it is wrong, deleted or expired.`);
    if (!response.ok) throw new PluginError(`BlazeMeter responded with ${response.status}.`);
    return (await response.json()).result;
  };
  const { defaultProject } = await call('/user');
  const tests: Found[] = await call(`/tests?projectId=${defaultProject.id}&limit=1000`);
  const found = tests.find((test) => test.name === name);
  if (found === undefined) throw new PluginError(`The project ${defaultProject.name} has no test "${name}".`);
  return { id: found.id, name: found.name };
}
