/** The command line of the kit: as a child process, or in this one where only words matter. */
import { type ChildProcess, spawn } from 'node:child_process'
import { PassThrough, Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { run } from '../../../sdks/typescript/src/cli/run.ts'
import { type Clock, systemClock, systemRandom } from '../../../sdks/typescript/src/clock.ts'
import { until } from '../../support/until.ts'

const PROGRAM = fileURLToPath(new URL('../../../sdks/typescript/src/cli/main.ts', import.meta.url))

export interface Finished {
  code: number | null
  stdout: string
  stderr: string
  /** `stdout` as JSON. */
  json: Record<string, unknown>
}

export interface Running {
  stdout(): string
  stderr(): string
  /** Resolves when stderr (what is meant for people) has this text. */
  says(text: string): Promise<void>
  write(text: string): void
  interrupt(): void
  /** As `2>&-` would, or a reader that has gone. */
  closeStderr(): void
  /** For what a failed test leaves. */
  kill(): void
  finished: Promise<Finished>
}

/** `stdin`: null leaves it open. */
export function startCommand(
  env: Record<string, string>,
  words: string[],
  stdin: string | Buffer | null = '',
): Running {
  const child = spawn(process.execPath, [PROGRAM, ...words], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const [stdout, stderr] = [keep(child.stdout), keep(child.stderr)]
  child.stdin.on('error', () => undefined)
  if (stdin !== null) child.stdin.end(stdin)
  return {
    stdout,
    stderr,
    says: async text => void (await until(() => stderr().includes(text), Boolean)),
    write: text => void child.stdin.write(text),
    interrupt: () => void child.kill('SIGINT'),
    closeStderr: () => void child.stderr.destroy(),
    kill: () => void child.kill('SIGKILL'),
    finished: ended(child).then(code => finished(code, stdout(), stderr())),
  }
}

export const runCommand = (env: Record<string, string>, words: string[], stdin?: string | Buffer): Promise<Finished> =>
  startCommand(env, words, stdin).finished

/** The same without a process: what `main.ts` hands to `run`. */
export async function runHere(
  env: Record<string, string>,
  argv: string[],
  stdin: string | Buffer = '',
  clock: Clock = systemClock,
): Promise<Finished> {
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() }
  const [stdout, stderr] = [keep(streams.stdout), keep(streams.stderr)]
  const { signal } = new AbortController()
  const code = await run({
    argv,
    env,
    stdin: Readable.from([stdin]),
    ...streams,
    clock,
    random: systemRandom,
    signal,
  })
  await new Promise(setImmediate)
  return finished(code, stdout(), stderr())
}

const finished = (code: number | null, stdout: string, stderr: string): Finished => ({
  code,
  stdout,
  stderr,
  get json() {
    return JSON.parse(stdout)
  },
})

const ended = (child: ChildProcess): Promise<number | null> => new Promise(resolve => child.once('close', resolve))

function keep(stream: NodeJS.ReadableStream): () => string {
  let text = ''
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  return () => text
}
