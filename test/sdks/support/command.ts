/** The command line of the kit as a child process. */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { until } from './until.ts'

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
  interrupt(): void
  finished: Promise<Finished>
}

export function startCommand(env: Record<string, string>, words: string[], stdin = ''): Running {
  const child = spawn(process.execPath, [PROGRAM, ...words], { env: { PATH: process.env.PATH, ...env }, stdio: ['pipe', 'pipe', 'pipe'] })
  const [stdout, stderr] = [keep(child.stdout), keep(child.stderr)]
  child.stdin.on('error', () => undefined)
  child.stdin.end(stdin)
  return {
    stdout,
    stderr,
    says: async text => void (await until(() => stderr().includes(text), Boolean)),
    interrupt: () => void child.kill('SIGINT'),
    finished: ended(child).then(code => ({
      code,
      stdout: stdout(),
      stderr: stderr(),
      get json() {
        return JSON.parse(stdout())
      },
    })),
  }
}

export const runCommand = (env: Record<string, string>, words: string[], stdin?: string): Promise<Finished> =>
  startCommand(env, words, stdin).finished

const ended = (child: ChildProcess): Promise<number | null> => new Promise(resolve => child.once('close', resolve))

function keep(stream: NodeJS.ReadableStream): () => string {
  let text = ''
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  return () => text
}
