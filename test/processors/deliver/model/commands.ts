/** The steps of which a random history of a shard is made. */
import fc from 'fast-check'
import type { Answer } from '../memory-shard.ts'

export const WEBHOOKS = ['wh_a', 'wh_b', 'wh_c'] as const
type WebhookId = (typeof WEBHOOKS)[number]

export type Command =
  | {
      do: 'emit'
      webhooks: WebhookId[]
      count: number
      subject: string | null
      late: boolean | number
      unlisted: boolean
    }
  | { do: 'answer'; webhook: WebhookId; answer: Answer | 'half' }
  | { do: 'pause'; webhook: WebhookId }
  | { do: 'activate'; webhook: WebhookId; latest: boolean }
  | { do: 'patch'; webhook: WebhookId; change: 'url' | 'selectors' | 'maxInFlight' | 'schedule' }
  | { do: 'delete'; webhook: WebhookId }
  | { do: 'cancel'; webhook: WebhookId; at: number }
  | { do: 'retry'; at: number; resume: boolean }
  | { do: 'redrive'; webhook: WebhookId }
  | { do: 'replay'; webhook: WebhookId }
  | { do: 'grow' }
  | { do: 'markers' }
  | { do: 'drop'; olderMs: number }
  | { do: 'history'; is: 'away' | 'behind' | 'well' }
  | { do: 'stall'; ms: number }
  | { do: 'move'; orderly: boolean }
  | { do: 'crash'; afterCommit: boolean }
  | { do: 'advance'; ms: number; steps: number }

const webhook = fc.constantFrom(...WEBHOOKS)
const answer = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Answer>('ok') },
  { weight: 3, arbitrary: fc.constant<Answer>('fail') },
  { weight: 1, arbitrary: fc.constant<Answer>('hang') },
  { weight: 1, arbitrary: fc.constant<Answer>('gone') },
  { weight: 1, arbitrary: fc.constant<Answer>({ laterMs: 5_000, ok: true }) },
  { weight: 1, arbitrary: fc.constant('half' as const) },
  { weight: 1, arbitrary: fc.constant<Answer>({ status: 503, headers: { 'retry-after': '90' } }) },
)

export const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('emit' as const),
      webhooks: fc.subarray([...WEBHOOKS], { minLength: 1 }),
      count: fc.integer({ min: 1, max: 12 }),
      subject: fc.constantFrom(null, 'a', 'b'),
      // Until their markers are released, or for a time.
      late: fc.constantFrom<boolean | number>(false, false, true, 700, 20_000),
      unlisted: fc.constantFrom(false, false, false, true),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('answer' as const), webhook, answer }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pause' as const), webhook }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('activate' as const), webhook, latest: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('patch' as const),
      webhook,
      change: fc.constantFrom('url', 'selectors', 'maxInFlight', 'schedule'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), webhook: fc.constant('wh_c' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), webhook, at: fc.nat(200) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('retry' as const), at: fc.nat(200), resume: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('redrive' as const), webhook }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('replay' as const), webhook }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('grow' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('markers' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('drop' as const), olderMs: fc.constantFrom(0, 10_000, 600_000) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('history' as const), is: fc.constantFrom('away', 'behind', 'well') }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('stall' as const), ms: fc.constantFrom(800, 3_000, 70_000) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('move' as const), orderly: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('crash' as const), afterCommit: fc.boolean() }) },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('advance' as const),
      ms: fc.constantFrom(0, 100, 1_500, 5_000, 40_000, 120_000, 900_000),
      steps: fc.integer({ min: 1, max: 6 }),
    }),
  },
) as fc.Arbitrary<Command>
