/**
 * A webhook that was off while its events came, and is switched on again: how fast it is fed from its organization's log, beside a loop that signs
 * and POSTs as fast as undici can.
 */
import { watchParts } from '../cpu.ts'
import { createPlatformClient } from '../emit-all.ts'
import { median, steadyRate } from '../rates.ts'
import { openReceiver, rawRate } from '../receiving.ts'
import { type Row, short, whole } from '../table.ts'
import type { Testbed } from '../testbed.ts'

const GOAL = 0.3
const IN_FLIGHT = 100
/** The events of the pause are owed, and their history is written. */
const REST_MS = 5_000

export async function measureCatchUp(testbed: Testbed): Promise<Row[]> {
  const pairs: Array<{ clarion: number; baseline: number }> = []
  for (let round = 0; round < testbed.options.rounds; round++) {
    const baseline = await rawRate(testbed, testbed.options.records)
    pairs.push({ clarion: await catchUpRate(testbed), baseline })
  }
  const ratio = median(pairs.map(({ clarion, baseline }) => clarion / baseline))
  return [
    {
      figure: 'a webhook that is on again, caught up, deliveries/s',
      clarion: whole(median(pairs.map(pair => pair.clarion))),
      baseline: `${whole(median(pairs.map(pair => pair.baseline)))} (sign and POST, undici)`,
      ratio: short(ratio),
      goal: `≥ ${GOAL}`,
      holds: ratio >= GOAL,
    },
  ]
}

async function catchUpRate(testbed: Testbed): Promise<number> {
  const events = testbed.options.records
  const receiver = await openReceiver(testbed)
  const platform = await testbed.platform('api,admit,deliver')
  const organization = await createPlatformClient(testbed, platform)
  const settings = { maxInFlight: IN_FLIGHT, active: false }
  const id = await organization.webhook(`http://127.0.0.1:${receiver.port}/hook`, settings)
  await organization.emitGeneric(events)
  await testbed.clock.sleep(REST_MS)
  const cpu = watchParts({ ...testbed.pids, platform: platform.child.pid })
  const { status, text } = await organization.client.send(
    'PATCH',
    `/api/v1/webhooks/${id}`,
    JSON.stringify({ active: true }),
  )
  if (status !== 200) throw new Error(`the webhook was not switched on: ${status} ${text.slice(0, 300)}`)
  await receiver.until(events)
  const rate = steadyRate(receiver.samples, events)
  testbed.say(`catch-up: ${whole(rate)} deliveries/s; ${cpu(events, {})}`)
  await platform.end()
  await receiver.child.end()
  return rate
}
