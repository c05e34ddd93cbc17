/**
 * `deliver` alone: a full topic of events for one webhook, then the process that sends them, beside a loop that signs and POSTs as fast as undici
 * can. And what it takes to come back: `kill -9` in the middle, until the first delivery of the next process.
 */

import { watchParts } from '../cpu.ts'
import { createPlatformClient } from '../emit-all.ts'
import { median, steadyRate } from '../rates.ts'
import { openReceiver, rawRate } from '../receiving.ts'
import { type Row, short, whole } from '../table.ts'
import type { Testbed } from '../testbed.ts'

/** 0.6 comes after that. */
const GOAL = 0.4
const BACK_S = 2
const IN_FLIGHT = 100

export async function measureDelivery(testbed: Testbed): Promise<Row[]> {
  const events = testbed.options.records
  const pairs: Array<{ clarion: number; baseline: number }> = []
  let backMs = Number.NaN
  for (let round = 0; round < testbed.options.rounds; round++) {
    const baseline = await rawRate(testbed, events)
    const receiver = await openReceiver(testbed)
    await fill(testbed, receiver.port, events)
    const cpu = watchParts(testbed.pids)
    const deliver = await testbed.platform('deliver')
    await receiver.until(events)
    const clarion = steadyRate(receiver.samples, events)
    testbed.say(`deliver: ${whole(clarion)} deliveries/s; ${cpu(events, { deliver: deliver.child.pid })}`)
    pairs.push({ clarion, baseline })
    await deliver.end()
    await receiver.child.end()
    if (round === 0) backMs = await timeToComeBack(testbed)
  }
  return rowsOf(pairs, backMs)
}

/** Killed in the middle, started again at once: from then to the next delivery. */
async function timeToComeBack(testbed: Testbed): Promise<number> {
  const receiver = await openReceiver(testbed)
  await fill(testbed, receiver.port, testbed.options.records)
  const first = await testbed.platform('deliver')
  await receiver.until(Math.round(testbed.options.records / 4))
  first.child.process.kill('SIGKILL')
  await first.child.exited
  await testbed.clock.sleep(300) // what was on its way has arrived
  const before = receiver.total()
  const startedAtMs = testbed.clock.monotonicMs()
  const untilBack = async (): Promise<number> => {
    while (receiver.total() === before) await testbed.clock.sleep(5)
    return testbed.clock.monotonicMs() - startedAtMs
  }
  const [second, backMs] = await Promise.all([testbed.platform('deliver'), untilBack()])
  await receiver.until(testbed.options.records)
  await second.end()
  await receiver.child.end()
  return backMs
}

/** An organization with one webhook, and so many accepted events for it. */
async function fill(testbed: Testbed, port: number, events: number): Promise<void> {
  const platform = await testbed.platform('api,admit')
  const organization = await createPlatformClient(testbed, platform)
  await organization.webhook(`http://127.0.0.1:${port}/hook`, { maxInFlight: IN_FLIGHT })
  await organization.emitGeneric(events)
  await platform.end()
}

function rowsOf(pairs: Array<{ clarion: number; baseline: number }>, backMs: number): Row[] {
  const ratio = median(pairs.map(({ clarion, baseline }) => clarion / baseline))
  return [
    {
      figure: '`deliver` alone from a full topic, deliveries/s',
      clarion: whole(median(pairs.map(pair => pair.clarion))),
      baseline: `${whole(median(pairs.map(pair => pair.baseline)))} (sign and POST, undici)`,
      ratio: short(ratio),
      goal: `≥ ${GOAL}`,
      holds: ratio >= GOAL,
    },
    {
      figure: '`kill -9` of `deliver`, start to next delivery, s',
      clarion: short(backMs / 1000),
      baseline: '',
      ratio: '',
      goal: `≤ ${BACK_S}`,
      holds: backMs <= BACK_S * 1000,
    },
  ]
}
