/** A run of `npm run faults` with a fixed seed. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect } from '@jest/globals'

const FLAGS = ['--disable-warning=ExperimentalWarning', '--disable-warning=TimeoutNegativeWarning']
const MAIN = fileURLToPath(new URL('../../faults/main.ts', import.meta.url))

/** Several processes per role, load, a fault every so many seconds, and everything counted: it must hold. */
export async function expectToHold(minutes: number, everyS: number): Promise<void> {
  const timing = ['--minutes', String(minutes), '--every', String(everyS)]
  const ask = () => run(['--seed', '2', ...timing, '--rate', '12', '--without', 'disk-full,hang'])
  const first = await ask()
  // A port may be taken without a listener on it; that is no finding.
  const { code, said } = first.said.includes('run it again') ? await ask() : first
  expect(code === 0 ? '' : said).toBe('')
  expect(said).toContain('| every emit has exactly one verdict |')
}

function run(args: string[]): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, [...FLAGS, MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text: Buffer) => {
      said += text.toString()
    })
  return new Promise(resolve => child.once('exit', code => resolve({ code, said })))
}
