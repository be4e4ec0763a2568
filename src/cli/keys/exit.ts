// How the command ends. The numbers are an interface: pipelines decide by them, so none ever changes its meaning.

export const EXIT = {
  done: 0,
  findings: 1,
  usage: 2,
  credentials: 3,
  notPermitted: 4,
  failed: 5,
  ambiguous: 6,
  busy: 7,
  interrupted: 8,
  secretLost: 9,
  notFound: 10,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** For --help. */
export const EXIT_CODES = `Exit codes:
  0  done
  1  findings: there is something to look at
  2  usage: the command line is wrong, or lacks a --yes
  3  credentials: none were found, or the service refuses them
  4  not permitted: the credentials work, their user may not do this
  5  the network, the service, a file, a store or standard output failed
  6  ambiguous: it may have happened or not; look, then resume
  7  busy: another run works on this key
  8  interrupted: resume with the command that was printed
  9  a secret is lost: regenerate the key
 10  not found: there is no such key or account`;

/** Ends the command with an exit code, a stable word for programs, and a message. */
export class Stop extends Error {
  readonly exitCode: ExitCode;
  readonly code: string;

  constructor(exitCode: ExitCode, code: string, message: string) {
    super(message);
    this.exitCode = exitCode;
    this.code = code;
  }
}

/** The command line is wrong, or lacks something. */
export const usage = (message: string): Stop => new Stop(EXIT.usage, 'usage', message);
