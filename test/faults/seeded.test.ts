/** The harness of `npm run faults`, for half a minute and a fixed seed: several processes per role, load, faults, and everything counted. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from '@jest/globals'
import { createChance } from '../../faults/chance.ts'
import { readOptions } from '../../faults/options.ts'

const FLAGS = ['--disable-warning=ExperimentalWarning', '--disable-warning=TimeoutNegativeWarning']
const MAIN = fileURLToPath(new URL('../../faults/main.ts', import.meta.url))

function run(args: string[]): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, [...FLAGS, MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text: Buffer) => {
      said += text.toString()
    })
  return new Promise(resolve => child.once('exit', code => resolve({ code, said })))
}

it('nothing is lost, invented or counted twice while processes are killed, stopped and started', async () => {
  const ask = () => run(['--seed', '7', '--minutes', '0.4', '--rate', '12', '--every', '4', '--without', 'disk-full'])
  const first = await ask()
  // A port may be taken while nobody listens on it; that is no finding.
  const { code, said } = first.said.includes('run it again') ? await ask() : first
  expect(code === 0 ? '' : said).toBe('')
  expect(said).toContain('| every emit has exactly one verdict |')
}, 400_000)

it('the same seed makes the same schedule, and each part draws for itself', () => {
  const draw = (seed: number) => {
    const chance = createChance(seed)
    return [chance.next(), chance.between(1, 100), chance.fork('load').next(), chance.fork('faults').next()]
  }
  expect(draw(7)).toEqual(draw(7))
  expect(draw(7)).not.toEqual(draw(8))
  const [load, faults] = [createChance(7).fork('load').next(), createChance(7).fork('faults').next()]
  expect(load).not.toBe(faults)
})

it('options that make no sense are said in a sentence', () => {
  expect(() => readOptions(['--minutes', 'soon'], 1)).toThrow("--minutes must be a number above 0, not 'soon'")
  expect(readOptions(['--help'], 1)).toBeUndefined()
  expect(readOptions([], 42)).toMatchObject({ seed: 42, minutes: 2, without: [] })
})
