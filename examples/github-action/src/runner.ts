// The runner of GitHub Actions as this action speaks to it: inputs from the environment, commands through standard output,
// outputs and the summary through files that it names.
import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What is written to the log: nothing in it can be taken for a command, or end the line. */
const data = (text: string): string => text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A');
const plain = (text: string): string =>
  text
    .replace(/[\r\n]+/g, ' ')
    .replace(/^(\s*):(?=:)/, '$1: ')
    .replace(/##\[/g, '# #[');

/** Characters that Markdown or HTML would act on. */
export const markdown = (text: string): string =>
  text.replace(/[\r\n]+/g, ' ').replace(/[\\`*_{}[\]<>|#~&!]/g, '\\$&');

export class Runner {
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** An input as the workflow gives it, or `undefined` where it is empty. */
  input(name: string): string | undefined {
    const value = this.#environment[`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`]?.trim();
    return value === '' ? undefined : value;
  }

  variable(name: string): string | undefined {
    const value = this.#environment[name];
    return value === '' ? undefined : value;
  }

  say(line: string): void {
    process.stdout.write(`${plain(line)}\n`);
  }

  notice(message: string): void {
    process.stdout.write(`::notice::${data(message)}\n`);
  }

  warning(message: string): void {
    process.stdout.write(`::warning::${data(message)}\n`);
  }

  /** The run failed. What is left goes on: the process ends by itself. */
  fail(message: string): void {
    process.stdout.write(`::error::${data(message)}\n`);
    process.exitCode = 1;
  }

  output(name: string, value: string): void {
    // Nobody who has a say in the value can know where it ends.
    const end = `end_${randomUUID()}`;
    this.#append('GITHUB_OUTPUT', `${name}<<${end}\n${value}\n${end}\n`);
  }

  summary(text: string): void {
    this.#append('GITHUB_STEP_SUMMARY', text);
  }

  #append(variable: string, text: string): void {
    const path = this.variable(variable);
    if (path !== undefined) appendFileSync(path, text);
  }
}
