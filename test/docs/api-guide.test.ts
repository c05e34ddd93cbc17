/** The lines of docs/api.md, run as a reader would: in bash, from its first to its last, against a platform. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { chooseFreePorts } from '../../src/embedded/free-ports.ts'
import { patient } from '../support/patience.ts'
import { sharedPlatform, type TestPlatform } from '../support/platform.ts'
import { TIMES } from '../support/searches.ts'
import { root } from './blocks.ts'

let platform: TestPlatform
let directory: string
beforeAll(async () => {
  platform = await sharedPlatform()
  directory = mkdtempSync(join(tmpdir(), 'clarion-api-guide-'))
}, 120_000)
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const page = readFileSync(`${root}docs/api.md`, 'utf8').split('\n')
const PLATFORM = 'http://127.0.0.1:8080'
const OPERATOR_KEY = `$(node -p "require('./.clarion/keys.json').adminKey")`
const CALL = /\bcurl -/
const RECEIVER = /\b9000\b/g

/** The page with nothing but its sh blocks, each line where it was. */
function linesOfScript(): string[] {
  let language: string | undefined
  return page.map(line => {
    const fence = /^```(\w*)/.exec(line)
    if (fence) language = language === undefined ? fence[1] : undefined
    return !fence && language === 'sh' ? line : ''
  })
}

/**
 * Every answer is written down: the line of its call, and its status. A read that a busy history answers with 503 is
 * repeated, as that answer says. Bash 4 is enough.
 */
const PRELUDE = [
  'set -eu -o pipefail',
  'curl() { local head out code status try; for try in $(seq 60); do head=$(mktemp -p "$WORK"); out=$(mktemp -p "$WORK"); code=0',
  'command curl -D "$head" "$@" > "$out" || code=$?',
  `status=$(sed -n 's/^HTTP[^ ]* \\([0-9]*\\).*/\\1/p' "$head" | tail -n 1)`,
  `printf '%s %s\\n' "\${BASH_LINENO[0]}" "$status" >> "$WORK/answers"`,
  'case " $* " in *" -d "* | *" -X "*) break ;; esac',
  '[ "$status" = 503 ] || break',
  'sleep 1',
  'done',
  'cat "$out"',
  'return $code',
  '}; ',
].join('; ')

const RUN_MS = patient(150_000)

interface Run {
  code: number | null
  output: string
  /** By line, in the order of the calls. */
  answers: Array<{ line: number; status: number }>
}

async function runPage(change: (lines: string[]) => string[] = lines => lines): Promise<Run> {
  const work = mkdtempSync(join(directory, 'run-'))
  const [port] = (await chooseFreePorts(1)) as [number]
  const lines = change(linesOfScript()).map(line =>
    line.replace(PLATFORM, platform.base).replace(OPERATOR_KEY, platform.adminKey).replace(RECEIVER, String(port)),
  )
  const env = { PATH: `${dirname(process.execPath)}:${process.env.PATH}`, HOME: work, TMPDIR: work, WORK: work }
  // A group of its own: the page leaves its receiver running, and a loop that waits for what never comes is cut off with all below it.
  const child = spawn('bash', ['-c', PRELUDE + lines.join('\n')], {
    cwd: root,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const end = () => process.kill(-child.pid!, 'SIGKILL')
  const cut = setTimeout(end, RUN_MS)
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('exit', resolve))
  clearTimeout(cut)
  try {
    end()
  } catch {
    // Nothing of it is left.
  }
  const answers = readFileSync(join(work, 'answers'), 'utf8').trim().split('\n').map(answer => answer.split(' ')) // biome-ignore format: one thought
  return {
    code,
    output,
    answers: answers.map(([line, status]) => ({ line: beginOf(Number(line)), status: Number(status) })),
  }
}

/** Bash reports the last line of a call that is written over several. */
const beginOf = (line: number): number => (CALL.test(page[line - 1]!) ? line : beginOf(line - 1))

/** The expected answer of a line, from a comment that begins with a status; else any success. */
const expected = (line: number): number | undefined => {
  const [, status] = /# (\d{3}): /.exec(page[line - 1]!) ?? []
  return status === undefined ? undefined : Number(status)
}

/** Calls that were answered otherwise than the page says. Of a call in a loop the last answer counts. */
function unexpected({ answers }: Run): string[] {
  const last = new Map(answers.map(({ line, status }) => [line, status]))
  return [...last]
    .filter(([line, status]) =>
      expected(line) === undefined ? status < 200 || status > 299 : status !== expected(line),
    )
    .map(([line, status]) => `line ${line} was answered ${status}: ${page[line - 1]}`)
}

describe('docs/api.md', () => {
  it('works line by line, and again where its slug is taken', async () => {
    expect(page.join('\n')).toContain(PLATFORM)
    expect(page.join('\n')).toContain(OPERATOR_KEY)
    const calls = linesOfScript().flatMap((line, index) => (CALL.test(line) ? [index + 1] : []))
    expect(calls.length).toBeGreaterThan(40)
    // The second time its slug is taken: `npm run test:long`.
    const runs = [await runPage()]
    if (TIMES > 1) runs.push(await runPage())
    for (const run of runs) {
      expect([run.code === 0 ? '' : run.output.slice(-3_000), unexpected(run)]).toEqual(['', []])
      expect([...new Set(run.answers.map(({ line }) => line))].sort((a, b) => a - b)).toEqual(calls)
    }
  }, 330_000)

  it('is found wrong when one of its lines is', async () => {
    const at = linesOfScript().findIndex(line => line.includes('lang=typescript'))
    const run = await runPage(lines => [...lines.slice(0, at), lines[at]!.replace('lang=typescript', 'lang=cobol')])
    expect(unexpected(run)).toEqual([expect.stringMatching(/^line \d+ was answered 400: curl .*lang=typescript/)])
  }, 120_000)
})
