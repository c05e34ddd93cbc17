/** The harness of `npm run faults`, for half a minute and a fixed seed: several processes per role, load, faults, and everything counted. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from '@jest/globals'

const FLAGS = ['--disable-warning=ExperimentalWarning', '--disable-warning=TimeoutNegativeWarning']
const MAIN = fileURLToPath(new URL('../../faults/main.ts', import.meta.url))

it('nothing is lost, invented or counted twice while processes are killed, stopped and started', async () => {
  const ask = () =>
    run(['--seed', '2', '--minutes', '0.4', '--rate', '12', '--every', '4', '--without', 'disk-full,hang'])
  const first = await ask()
  // A port may be taken without a listener on it; that is no finding.
  const { code, said } = first.said.includes('run it again') ? await ask() : first
  expect(code === 0 ? '' : said).toBe('')
  expect(said).toContain('| every emit has exactly one verdict |')
}, 400_000)

function run(args: string[]): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, [...FLAGS, MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text: Buffer) => {
      said += text.toString()
    })
  return new Promise(resolve => child.once('exit', code => resolve({ code, said })))
}
