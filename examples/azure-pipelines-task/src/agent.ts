// The agent of Azure Pipelines as this task speaks to it: inputs and variables from the environment, commands through
// standard output.
import { plain, plainOutput } from './plain.ts';

/** What a person can fix. */
export class InputError extends Error {
  override name = 'InputError';
}

export type Environment = Readonly<Record<string, string | undefined>>;

const data = (text: string): string =>
  text.replace(/%/g, '%AZP25').replace(/\r/g, '%0D').replace(/\n/g, '%0A');

const say = (line: string): void => void process.stdout.write(`${line}\n`);

export class Agent {
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  variable(name: string): string | undefined {
    const value = this.#environment[name]?.trim();
    return value === '' ? undefined : value;
  }

  /** An input, or `undefined` where it is empty. A variable that does not exist arrives as it was written: `$(NAME)`. */
  input(name: string): string | undefined {
    const value = this.variable(`INPUT_${name.toUpperCase()}`);
    return value !== undefined && /^\$\([^)]*\)$/.test(value) ? undefined : value;
  }

  needed(name: string): string {
    const value = this.input(name);
    if (value === undefined)
      throw new InputError(`The input ${name} is missing, or is a variable that does not exist.`);
    return value;
  }

  count(name: string): number | undefined {
    const text = this.input(name);
    if (text === undefined) return undefined;
    if (!/^[1-9]\d{0,4}$/.test(text)) throw new InputError(`The input ${name} is a whole number.`);
    return Number(text);
  }

  say(line: string): void {
    say(plain(line));
  }

  warning(message: string): void {
    say(`##vso[task.logissue type=warning]${data(message)}`);
  }

  /** The run failed. What is left goes on: the process ends by itself. */
  fail(message: string): void {
    say(`##vso[task.logissue type=error]${data(message)}`);
    say('##vso[task.complete result=Failed]');
    process.exitCode = 1;
  }

  output(name: string, value: string): void {
    say(`##vso[task.setvariable variable=${name};isOutput=true]${plainOutput(value)}`);
  }
}
