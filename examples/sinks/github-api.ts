// One call to GitHub's REST API, for the sinks beside this file.
import { refusal, refused, safeUrl } from './refusal.ts';

export interface GitHub {
  /**
   * The token of a GitHub App's installation, or a person's fine-grained token, with the permission "Secrets: write" for
   * the repository (for an environment: "Environments: write"; for an organisation: its "Secrets: write"). The
   * `GITHUB_TOKEN` of a workflow has no such permission, whatever the workflow asks for.
   */
  readonly token: string;
  /** `repos/OWNER/REPO/actions`, `repos/OWNER/REPO/environments/NAME` or `orgs/ORG/actions`. */
  readonly scope: string;
  /** Default: `https://api.github.com`. In a workflow: `GITHUB_API_URL`. */
  readonly apiUrl?: string;
  readonly fetch?: typeof fetch;
}

const NOT_YOURS = 'GITHUB_TOKEN cannot: give a token of an App, or a fine-grained one, with Secrets: write.';
const WHY = {
  401: 'The token is not accepted: wrong, revoked, or it has run out.',
  403: NOT_YOURS,
  404: `Not there, or not for this token. ${NOT_YOURS}`,
  422: 'The key that it gave for closing the secret may be another one by now. Run it again.',
};

/** The answer's JSON. `missing`: a 404 is an answer too. */
export async function githubCall(
  { token, apiUrl = 'https://api.github.com', scope, fetch: send = fetch }: GitHub,
  method: string,
  path: string,
  { signal, json, missing }: { signal: AbortSignal; json?: object; missing?: boolean },
): Promise<Readonly<Record<string, unknown>> & { readonly gone?: boolean }> {
  if (!/^[\w.-]+(?:\/[\w.-]+)+$/.test(scope) || scope.split('/').some((part) => /^\.+$/.test(part)))
    throw refusal(
      'scope is repos/OWNER/REPO/actions, repos/OWNER/REPO/environments/NAME or orgs/ORG/actions.',
    );
  const response = await send(`${safeUrl(apiUrl)}/${path}`, {
    method,
    signal,
    redirect: 'manual', // A repository that was renamed: the token stays here.
    headers: {
      accept: 'application/vnd.github+json',
      authorization: `Bearer ${token}`,
      'user-agent': 'blazemeter-client-example',
      'x-github-api-version': '2022-11-28',
    },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  });
  if (missing && response.status === 404) return { gone: true };
  if (!response.ok) throw refused(`GitHub (${method} ${path})`, response.status, WHY);
  return response.status === 200 ? await response.json() : {};
}
