/** A page of events, with the payloads' own bytes inside. */
import { JSON_TYPE } from '../http/envelope.ts'
import type { Answer } from '../http/route.ts'

export interface PageMeta {
  requestId: string
  nextCursor: string
  atEnd: boolean
}

export function presentPage(items: readonly Buffer[], meta: PageMeta): Answer {
  const parts: Buffer[] = [OPEN]
  for (const [at, item] of items.entries()) parts.push(at === 0 ? NOTHING : COMMA, item)
  parts.push(Buffer.from(`],"meta":${JSON.stringify(meta)}}`))
  return { plain: { contentType: JSON_TYPE, body: Buffer.concat(parts).toString() } }
}

const OPEN = Buffer.from('{"success":true,"data":[')
const COMMA = Buffer.from(',')
const NOTHING = Buffer.alloc(0)

/** The delivery of one event to the webhook whose gap is read. */
export interface GapDelivery {
  id: string
  status: string
  skipped?: string
}

export const besideDelivery = (envelope: Buffer, delivery: GapDelivery | null): Buffer =>
  Buffer.concat([EVENT, envelope, Buffer.from(`,"delivery":${JSON.stringify(delivery)}}`)])

const EVENT = Buffer.from('{"event":')
