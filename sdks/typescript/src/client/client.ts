/** The API of a Clarion platform, as calls. */
import { systemClock, systemRandom } from '../clock.ts'
import { createGeneratedCalls } from '../generated/calls.ts'
import { at, createCalls } from './call.ts'
import { createCustomEvents } from './custom-events.ts'
import { createDomain } from './domain.ts'
import { createNotifications } from './notifications.ts'
import { createCaller } from './operation.ts'
import { createQueues } from './queues.ts'
import { createReading } from './reading.ts'
import { createRoutes } from './routes.ts'
import { checkSettings } from './settings.ts'
import { createStream } from './streams.ts'
import { createTables } from './tables.ts'
import { type Answer, type ClientOptions, createSend, type Request } from './transport.ts'
import type {
  CallOptions,
  History,
  Json,
  KafkaCredential,
  MadeKafkaCredential,
  NewKafkaCredential,
  NewStreamToken,
  OpenStream,
  Paging,
  Replay,
  ReplayCounts,
  ReplayRange,
  StreamToken,
  UsageBucket,
} from './types.ts'
import { createReplays, createWebhooks } from './webhooks.ts'
import { createSecrets, createVariables, createWorkflows } from './workflows.ts'

export type Client = ReturnType<typeof createClient>

/**
 * A client for one key, and so for one organization and environment. It has no state and need not be closed. Calls
 * throw `ClarionApiError` (refused, with a code) or `ClarionConnectionError` (no answer).
 */
export function createClient(options: ClientOptions) {
  checkSettings(options)
  const { clock = systemClock, random = systemRandom } = options
  const send = createSend({ ...options, clock, random })
  const kafka = createCalls(send, '/kafka-credentials')
  const one = async <T>(request: Request) => (await send<T>(request)).data

  return {
    events: {
      custom: createCustomEvents(send, random),
      webhooks: createWebhooks(send, options.webhookDefaults),
      ...createReading(send),
      /** Events as they are accepted, for as long as the loop goes on; it reconnects, and goes on at its place. */
      stream: createStream({ fetch, ...options, clock, random }),
      /** Open streams of the environment. */
      streams: {
        list: ({ signal }: CallOptions = {}) => one<OpenStream[]>({ method: 'GET', path: '/events/streams', signal }),
        /** Ends one; its client does not come back by itself. */
        end: (id: string, { signal }: CallOptions = {}) =>
          one<{ id: string; ended: true }>({ method: 'DELETE', path: `/events/streams${at(id)}`, signal }),
      },
      /** For browsers: a token that opens a stream within a minute. */
      createStreamToken: (input: NewStreamToken, { signal }: CallOptions = {}) =>
        one<StreamToken>({ method: 'POST', path: '/events/stream-tokens', body: input, signal }),
      /** The whole history of one event: verdict, payload, deliveries, attempts. */
      get: (eventId: string, { signal }: CallOptions = {}) =>
        one<History>({ method: 'GET', path: `/events${at(eventId)}`, signal }),
      /** What caused an event, and what followed from it: nodes and edges. */
      lineage: (eventId: string, { signal }: CallOptions = {}) =>
        one<Json>({ method: 'GET', path: `/events${at(eventId)}/lineage`, signal }),
      /** Of each webhook, or of one, what became of an event, or why it does not get it. */
      why: (eventId: string, query: { webhookId?: string } = {}, { signal }: CallOptions = {}) =>
        one<Json>({ method: 'GET', path: `/events${at(eventId)}/why`, query, signal }),
      subscriptions: {
        /** Delivers a range of time again, and waits up to 10 s for the counts. Not retried when it may have succeeded. */
        replay: (webhookId: string, range: ReplayRange, { signal }: CallOptions = {}) =>
          one<ReplayCounts | Replay>({
            ...{ method: 'POST', path: `/event-subscriptions${at(webhookId)}/replay`, body: range, signal },
            ...{ onlyOnce: true, timeoutMs: 20_000 },
          }),
      },
    },
    ...createGeneratedCalls(createCaller(send)),
    replays: createReplays(send),
    notifications: createNotifications(send, random),
    workflows: createWorkflows(send, { fetch, ...options, clock, random }),
    routes: createRoutes(send),
    variables: createVariables(send),
    secrets: createSecrets(send),
    tables: createTables(send),
    ...createDomain(send, random),
    queues: createQueues(send, clock),
    /** Accounts for Kafka clients of the organization. */
    kafkaCredentials: {
      /** The only answer with the password. Not retried when it may have succeeded. */
      create: (input: NewKafkaCredential, options?: CallOptions) =>
        kafka.postOnce<MadeKafkaCredential>('', input, options),
      list: (query: Paging = {}, options: CallOptions = {}) => kafka.list<KafkaCredential>('', query, options),
      get: (id: string, options?: CallOptions) => kafka.get<KafkaCredential>(at(id), options),
      delete: (id: string, options?: CallOptions) => kafka.delete<{ id: string; deleted: true }>(at(id), options),
    },
    /** The key of this client. */
    whoami: ({ signal }: CallOptions = {}) => one<Json>({ method: 'GET', path: '/whoami', signal }),
    /** The meters of a month (`YYYY-MM`; default: the current one). */
    usage: (month?: string, { signal }: CallOptions = {}) =>
      one<Json>({ method: 'GET', path: '/usage/summary', query: { month }, signal }),
    /** Meters by hour or day, without empty buckets. */
    usageTimeseries: (
      query: { meter?: string; interval?: 'hour' | 'day'; from?: string; to?: string } = {},
      { signal }: CallOptions = {},
    ) => one<UsageBucket[]>({ method: 'GET', path: '/usage/timeseries', query, signal }),
    /** Any other call of the API, with the same retries and errors. `path` is below `/api/v1`. */
    request: <T = Json>(request: Request): Promise<Answer<T>> => send<T>(request),
  }
}
