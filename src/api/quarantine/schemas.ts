import { CODES } from '../../model/codes.ts'
import type { Schema } from '../http/route.ts'
import { integer, listOf, object, oneOf, string, time } from '../http/schema-parts.ts'

/** `from` is inclusive, `to` exclusive; both by the time of recording. */
export const quarantineQuery = { 'code?': oneOf(Object.keys(CODES)), 'from?': time, 'to?': time }

const finding = object({ path: string, rule: string, message: string })
const refused = {
  id: string,
  emitId: string,
  code: string,
  message: string,
  findings: listOf(finding),
  name: string,
  recordedAt: time,
  topic: string,
  partition: integer,
  offset: integer,
  leftOut: listOf(string),
}
const maybeText: Schema = { type: ['string', 'null'] }
const encoding: Schema = { type: ['string', 'null'], enum: ['utf8', 'base64', null] }
export const quarantineEntry = object(refused)
export const quarantinedRecord = object({
  ...refused,
  ...{ 'key?': maybeText, 'keyEncoding?': encoding },
  'headers?': { type: 'object', additionalProperties: string },
  'base64Headers?': listOf(string),
  ...{ 'payload?': maybeText, 'payloadEncoding?': encoding },
  payloadBytes: integer,
  /** Without the scope `events:payload`: the optional ones are left out. */
  'withheld?': { type: 'boolean', enum: [true] },
})
