// Two variables of an Azure DevOps variable group as a sink: the id, and the secret as a secret. Both change in one
// request. A group is replaced as a whole, so it is read first and all else is sent back as it came: other secrets come
// as null, and null leaves them as they are. An edit of the group at that very moment is lost.
import type { SecretSink } from 'blazemeter-client/rotation';
import { refusal, refused, safeUrl } from './refusal.ts';

export interface VariableGroup {
  /** `https://dev.azure.com/ORGANISATION`. */
  readonly organization: string;
  readonly project: string;
  readonly groupId: number;
  readonly idVariable: string;
  readonly secretVariable: string;
  /** `Bearer …` of System.AccessToken or Entra ID, or `Basic …` of `:` and a personal access token. */
  readonly authorization: () => Promise<string> | string;
  readonly fetch?: typeof fetch;
}

const WHY = {
  203: 'That is a page to sign in: the token is not accepted.',
  401: 'The token is not accepted.',
  403: 'The token may not administer this variable group.',
};

export function azureVariableGroup(options: VariableGroup): SecretSink {
  const { organization, project, groupId, idVariable, secretVariable, authorization } = options;
  const call = async (method: string, at: string, signal: AbortSignal, json?: object) => {
    const path = `${at}_apis/distributedtask/variablegroups/${groupId}?api-version=7.1`;
    const response = await (options.fetch ?? fetch)(`${safeUrl(organization)}/${path}`, {
      method,
      signal,
      redirect: 'manual',
      headers: { authorization: await authorization(), 'content-type': 'application/json' },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
    if (response.status !== 200)
      throw refused(`Azure DevOps (${method} of group ${groupId})`, response.status, WHY);
    return response.json();
  };
  const read = async (signal: AbortSignal) => {
    const group = await call('GET', `${encodeURIComponent(project)}/`, signal);
    // The variables of a group that is linked to a key vault come from there, and cannot be set here.
    if (group.type !== 'Vsts')
      throw refusal(`The variable group ${groupId} takes its values from a key vault: set the secret there.`);
    return group;
  };
  return {
    name: `variable group ${groupId} of ${project}`,
    probe: async ({ signal }) => void (await read(signal)),
    async put({ id, secret }, { signal }) {
      const { name, type, description, variables, variableGroupProjectReferences } = await read(signal);
      const credentials = {
        [idVariable]: { value: id },
        [secretVariable]: { value: secret.reveal(), isSecret: true },
      };
      const body = {
        name,
        type,
        description,
        variableGroupProjectReferences,
        variables: { ...variables, ...credentials },
      };
      await call('PUT', '', signal, body);
    },
  };
}
