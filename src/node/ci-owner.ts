// Who works on a record, in a CI system: the run and its job, without the attempt, so that a job that is run again is the
// same owner and takes its own lease back.

/** How a CI system tells where a job belongs. */
interface System {
  readonly name: string;
  /** The variable that says so, and its value where that matters. */
  readonly mark: readonly [name: string, value?: string];
  /** All of these must be there: each a variable, or several of which the first that is set counts. */
  readonly parts: readonly (string | readonly string[])[];
  /** Tell the copies of one job apart, where there are any. */
  readonly copies?: readonly string[];
}

/** The first that fits counts. Jenkins is the last, since its agents may run inside another system's jobs. */
const SYSTEMS: readonly System[] = [
  {
    name: 'github',
    mark: ['GITHUB_ACTIONS', 'true'],
    parts: ['GITHUB_REPOSITORY', 'GITHUB_RUN_ID', 'GITHUB_JOB'],
  },
  {
    name: 'azure',
    mark: ['TF_BUILD', 'true'],
    // Not SYSTEM_JOBID: it is another one for each attempt.
    parts: ['SYSTEM_TEAMPROJECTID', 'BUILD_BUILDID', ['SYSTEM_PHASENAME', 'SYSTEM_JOBNAME']],
    copies: ['SYSTEM_STAGENAME', 'SYSTEM_JOBNAME'],
  },
  {
    name: 'gitlab',
    mark: ['GITLAB_CI'],
    // Not CI_JOB_ID: a job that is retried gets another one. Parallel copies differ in their name.
    parts: ['CI_PROJECT_PATH', 'CI_PIPELINE_ID', 'CI_JOB_NAME'],
  },
  {
    name: 'circleci',
    mark: ['CIRCLECI', 'true'],
    // A rerun is a new workflow of the same pipeline.
    parts: [['CIRCLE_PIPELINE_ID', 'CIRCLE_WORKFLOW_WORKSPACE_ID'], 'CIRCLE_JOB'],
    copies: ['CIRCLE_NODE_INDEX'],
  },
  {
    name: 'buildkite',
    mark: ['BUILDKITE', 'true'],
    // Not BUILDKITE_JOB_ID: a retry is a new job of the same step.
    parts: ['BUILDKITE_BUILD_ID', ['BUILDKITE_STEP_ID', 'BUILDKITE_STEP_KEY', 'BUILDKITE_LABEL']],
    copies: ['BUILDKITE_PARALLEL_JOB'],
  },
  {
    name: 'jenkins',
    mark: ['JENKINS_URL'],
    parts: ['JOB_NAME', 'BUILD_NUMBER'],
  },
];

/**
 * The owner of a lease for a job in a CI system: `owner` of `rotate`, `resume` and `rotateIfExpiring`. It names the run and
 * the job, and not the attempt, so that the attempt after one that died takes its own lease back at once. Knows GitHub
 * Actions, Azure Pipelines, GitLab, CircleCI, Buildkite and Jenkins; `undefined` anywhere else, which means what leaving
 * the owner out means.
 *
 * On GitHub Actions nothing tells the legs of a matrix apart: add what differs, or rotate in a job without a matrix.
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
  const read = (name: string): string => env[name]?.trim() ?? '';
  for (const { name, mark, parts, copies = [] } of SYSTEMS) {
    const [variable, value] = mark;
    const marked = value === undefined ? read(variable) !== '' : read(variable).toLowerCase() === value;
    if (!marked) continue;
    const found = parts.map((part) => (typeof part === 'string' ? [part] : part).map(read).find(Boolean));
    if (found.some((part) => part === undefined)) continue;
    return [name, ...found, ...copies.map(read).filter(Boolean)].join(' ');
  }
  return undefined;
}
