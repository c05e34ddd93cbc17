/** What a strict program may write; the type check compiles it. An interface has no index signature. */
import type { BatchResult, Client, EmitResult } from '../../../sdks/typescript/src/index.ts'

interface OrderPaid {
  total: number
}
export async function typed(
  client: Client,
  order: OrderPaid,
  results: BatchResult[],
  result: EmitResult,
): Promise<unknown[]> {
  const emitted = await client.events.custom.emit({ name: 'a.b', payload: order })
  const refused: string[] = results.flatMap(each => (each.status === 202 ? [] : [each.error.code]))
  const id: string = result.verdict === undefined ? result.eventId : result.emitId
  const { warnings } = await client.events.custom.health()
  return [emitted, refused, id, warnings[0]?.level]
}
