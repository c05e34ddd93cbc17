/** `clarion emit --wait`: until every delivery of the event has ended. */
import type { EmitResult } from '../client/types.ts'
import { sleep } from '../clock.ts'
import type { Context, ExitCode } from './command.ts'

const POLL_MS = 250
const ENDED: ReadonlySet<string> = new Set(['DELIVERED', 'FAILED', 'REJECTED', 'DEDUPLICATED'])

/** 1: a delivery failed, or the time was over first. */
export async function waitForDeliveries(context: Context, emitted: EmitResult): Promise<ExitCode> {
  const { client, clock, print, signal } = context
  const seconds = context.number('wait-seconds', 60, 1)
  const untilMs = clock.nowMs() + seconds * 1_000
  const { emitId, eventId } = emitted
  for (;;) {
    const { status } = await client().events.custom.emits.get(emitId, { signal })
    if (ENDED.has(status)) {
      const deliveries = eventId === undefined ? [] : await deliveriesOf(context, eventId)
      print.record({ ...emitted, status, deliveries })
      return status === 'FAILED' || status === 'REJECTED' ? 1 : 0
    }
    if (clock.nowMs() >= untilMs) {
      print.record({ ...emitted, status })
      print.note(`deliveries have not ended within ${seconds} s: clarion custom emits get ${emitId}`)
      return 1
    }
    await sleep(clock, POLL_MS, signal)
  }
}

async function deliveriesOf({ client, signal }: Context, eventId: string): Promise<object[]> {
  const { data } = await client().events.webhooks.searchDeliveries({ eventId, limit: 100 }, { signal })
  return data.map(({ webhookId, status, attempts, lastError }) => ({ webhookId, status, attempts, lastError }))
}
