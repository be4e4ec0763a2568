// The owner of a lease in a CI system: the run and its job without the attempt, so that a job that is run again is the same
// owner and takes its own lease back.

/** How a CI system identifies a job. */
interface System {
  readonly name: string;
  /** The variable that identifies the system, and its value where that matters. */
  readonly variable: readonly [name: string, value?: string];
  /** All of these must be set: each a variable, or several of which the first that is set counts. */
  readonly parts: readonly (string | readonly string[])[];
  /** Variables that distinguish the copies of one job, where there are any. */
  readonly copies?: readonly string[];
}

/** The first that matches counts. Jenkins is last, because its agents may run inside another system's jobs. */
const SYSTEMS: readonly System[] = [
  {
    name: 'github',
    variable: ['GITHUB_ACTIONS', 'true'],
    parts: ['GITHUB_REPOSITORY', 'GITHUB_RUN_ID', 'GITHUB_JOB'],
  },
  {
    name: 'azure',
    variable: ['TF_BUILD', 'true'],
    // Not SYSTEM_JOBID, which differs between attempts.
    parts: ['SYSTEM_TEAMPROJECTID', 'BUILD_BUILDID', ['SYSTEM_PHASENAME', 'SYSTEM_JOBNAME']],
    copies: ['SYSTEM_STAGENAME', 'SYSTEM_JOBNAME'],
  },
  {
    name: 'gitlab',
    variable: ['GITLAB_CI'],
    // Not CI_JOB_ID: a retried job gets a new one. Parallel copies have different names.
    parts: ['CI_PROJECT_PATH', 'CI_PIPELINE_ID', 'CI_JOB_NAME'],
  },
  {
    name: 'circleci',
    variable: ['CIRCLECI', 'true'],
    // A rerun is a new workflow of the same pipeline.
    parts: [['CIRCLE_PIPELINE_ID', 'CIRCLE_WORKFLOW_WORKSPACE_ID'], 'CIRCLE_JOB'],
    copies: ['CIRCLE_NODE_INDEX'],
  },
  {
    name: 'buildkite',
    variable: ['BUILDKITE', 'true'],
    // Not BUILDKITE_JOB_ID: a retry is a new job of the same step.
    parts: ['BUILDKITE_BUILD_ID', ['BUILDKITE_STEP_ID', 'BUILDKITE_STEP_KEY', 'BUILDKITE_LABEL']],
    copies: ['BUILDKITE_PARALLEL_JOB'],
  },
  {
    name: 'jenkins',
    variable: ['JENKINS_URL'],
    parts: ['JOB_NAME', 'BUILD_NUMBER'],
  },
];

/**
 * The owner of a lease for a job in a CI system: `owner` of `rotate`, `resume` and `rotateIfExpiring`. It names the run and
 * the job but not the attempt, so that a new attempt after a crash takes its own lease back at once. Recognises GitHub
 * Actions, Azure Pipelines, GitLab, CircleCI, Buildkite and Jenkins; `undefined` anywhere else, which is the same as no
 * owner.
 *
 * On GitHub Actions no variable distinguishes the jobs of a matrix: add what differs, or rotate in a job without a matrix.
 *
 * @param env - The variables. Default: `process.env`.
 * @example
 * ```ts
 * import { ciRunOwner } from 'blazemeter-client/node';
 *
 * const env = {
 *   GITHUB_ACTIONS: 'true',
 *   GITHUB_REPOSITORY: 'acme/load-tests',
 *   GITHUB_RUN_ID: '4711',
 *   GITHUB_RUN_ATTEMPT: '2',
 *   GITHUB_JOB: 'rotate',
 * };
 * console.log(ciRunOwner(env)); // github acme/load-tests 4711 rotate
 * ```
 */
export function ciRunOwner(
  env: Readonly<Record<string, string | undefined>> = globalThis.process?.env ?? {},
): string | undefined {
  if (typeof env !== 'object' || env === null)
    throw new TypeError('ciRunOwner: env must be an object of variables, such as process.env.');
  const read = (name: string): string => env[name]?.trim() ?? '';
  for (const { name, variable, parts, copies = [] } of SYSTEMS) {
    const [key, value] = variable;
    const matches = value === undefined ? read(key) !== '' : read(key).toLowerCase() === value;
    if (!matches) continue;
    const found = parts.map((part) => (typeof part === 'string' ? [part] : part).map(read).find(Boolean));
    if (found.some((part) => part === undefined)) continue;
    return [name, ...found, ...copies.map(read).filter(Boolean)].join(' ');
  }
  return undefined;
}
