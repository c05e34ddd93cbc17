/** The parts of the harness of `npm run faults`; a run of it is in seeded.long.test.ts. */
import { expect, it } from '@jest/globals'
import { createChance, createDeck } from '../../faults/chance.ts'
import { readOptions } from '../../faults/options.ts'
import { markdown } from '../../faults/report.ts'
import type { RunResult } from '../../faults/run.ts'

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
  const random = () => 42
  expect(() => readOptions(['--minutes', 'soon'], random)).toThrow("--minutes must be a number above 0, not 'soon'")
  expect(() => readOptions(['--seeds', '9-3'], random)).toThrow(
    "--seeds must be a number, a range such as 1-10 or a list such as 3,7,11, not '9-3'",
  )
  expect(() => readOptions(['--seeds', '2', '--data', 'd'], random)).toThrow('--data is for one seed')
  expect(readOptions(['--help'], random)).toBeUndefined()
  expect(readOptions([], random)).toMatchObject({ seed: 42, seeds: undefined, minutes: 2, without: [] })
})

it('seeds are a range, a list, or so many by chance', () => {
  let drawn = 100
  const seeds = (given: string) => readOptions(['--seeds', given], () => ++drawn)?.seeds
  expect(seeds('4-7')).toEqual([4, 5, 6, 7])
  expect(seeds('3,7,11')).toEqual([3, 7, 11])
  drawn = 100
  expect(seeds('2')).toEqual([102, 103])
})

it('every kind of fault has its turn before one comes more often than it should', () => {
  const deck = createDeck(createChance(3), ['kill', 'kill', 'stop', 'clock'])
  for (let round = 0; round < 3; round++)
    expect(Array.from({ length: 4 }, () => deck.draw()).sort()).toEqual(['clock', 'kill', 'kill', 'stop'])
})

it('the report adds up faults, checks and counts, and names the seed that did not hold', () => {
  const result = (seed: number, wrong: number): RunResult => ({
    ...{
      seed,
      minutes: 1,
      rate: 10,
      leftOut: undefined,
      unexpected: [],
      quietS: 16,
      organizations: 4,
      requests: 9,
      repeatedRequests: 1,
    },
    struck: [
      { atS: 1, kind: 'kill', what: 'SIGKILL to admit-1', together: true },
      { atS: 2, kind: 'broker-kill', what: 'kill -9 of the broker', together: true },
    ],
    findings: [{ what: 'nothing is lost', looked: 100, wrong, examples: [] }],
    load: { calls: 50, records: 10, repeated: 2, givenUp: 0, late: 0 },
    outcomes: { accepted: 40 },
    counted: { 'clarion_rebalances_total{role="admit"}': 3 },
    megabytes: { harness: 1, kafka: 1, clickhouse: 1 },
  })
  const text = markdown([
    { seed: 1, result: result(1, 0) },
    { seed: 2, result: result(2, 5) },
    { seed: 3, result: undefined, failure: 'it does not get quiet' },
  ])
  expect(text).toContain('1 of 3 seeds held')
  for (const row of [
    '| 1 | 2 | 50 | 10 | 9 | 1 | 16 s | all |',
    '| 2 | 2 | 50 | 10 | 9 | 1 | 16 s | **no: 1 statements** |',
    '| 3 |  |  |  |  |  |  | **no: it does not get quiet** |',
    '| kill of admit | 2 | 2 |',
    '| calls | 100 |',
    '| told: accepted | 80 |',
    '| nothing is lost | 200 | **5** |',
    '| no process ended by itself | 4 | 0 |',
  ])
    expect(text).toContain(row)
})
