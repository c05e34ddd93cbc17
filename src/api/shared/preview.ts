/** The answer of a dry run of retries, recoveries and replays. */
import { boolean, integer, listOf, nullable, object, string, time } from '../http/schema-parts.ts'

const groups = listOf(object({ key: string, count: integer }))
export const preview = object({
  ...{ count: integer, countIsExact: boolean, byType: groups, byWebhook: groups },
  ...{ oldestAt: nullable(time), newestAt: nullable(time), estimatedSeconds: integer },
  skipped: listOf(object({ reason: string, count: integer })),
})
