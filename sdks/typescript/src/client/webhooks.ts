/** `client.events.webhooks` and `client.replays`. */
import { at, createCalls } from './call.ts'
import type { Send } from './transport.ts'
import type {
  CallOptions,
  Delivery,
  DeliveryInFull,
  Json,
  NewReplay,
  NewShadow,
  NewWebhook,
  Paging,
  Redrive,
  RedriveChoice,
  Redriven,
  Replay,
  ReplayItem,
  ReplayRange,
  SendingPreview,
  Webhook,
  WebhookShadow,
  WebhookShadowReport,
  WebhookTest,
} from './types.ts'

type DeliveryQuery = Paging & { status?: Delivery['status']; type?: string; from?: string; to?: string }
type DeadLetterQuery = Paging & {
  webhookId?: string
  type?: string
  errorKind?: string
  responseStatus?: number
  from?: string
  to?: string
}
type DeliverySearch = DeadLetterQuery & {
  status?: Delivery['status']
  trigger?: Delivery['trigger']
  eventId?: string
  replayId?: string
}
type WebhookQuery = Paging & { q?: string; health?: Webhook['health']; active?: boolean; event?: string }

export function createWebhooks(send: Send, defaults: Partial<NewWebhook> = {}) {
  const calls = createCalls(send, '/webhooks')
  const delivery = (id: string) => `/deliveries${at(id)}`
  return {
    /** The only answer with the secret. Not retried when it may have succeeded: there would be two. */
    create: (input: NewWebhook, options?: CallOptions) =>
      calls.postOnce<Webhook & { secret: string }>('', { ...defaults, ...input }, options),
    list: (query: WebhookQuery = {}, options: CallOptions = {}) => calls.list<Webhook>('', query, options),
    each: (query: WebhookQuery = {}, options: CallOptions = {}) => calls.each<Webhook>('', query, options),
    get: (id: string, options?: CallOptions) => calls.get<Webhook>(at(id), options),
    /** `active: false` pauses. */
    update: (id: string, patch: Partial<NewWebhook>, options?: CallOptions) =>
      calls.patch<Webhook>(at(id), patch, options),
    delete: (id: string, options?: CallOptions) => calls.delete<{ id: string; deleted: true }>(at(id), options),
    /** `from_pause` (the default) also delivers the events of the pause. */
    activate: (
      id: string,
      input: { resume?: 'from_pause' | 'latest'; verifyOwnership?: boolean } = {},
      options?: CallOptions,
    ) => calls.post<Webhook>(`${at(id)}/activate`, input, options),
    /**
     * Returns a new secret, only this once; both sign for 24 h, unless `immediate`. Not retried when it may have
     * succeeded.
     */
    rotate: (id: string, input: { secret?: string; immediate?: boolean } = {}, options?: CallOptions) =>
      calls.postOnce<Webhook & { secret: string }>(`${at(id)}/rotate`, input, options),
    /** Sends a signed `webhook.test` now, and returns the result. */
    test: (id: string, options?: CallOptions) => calls.post<WebhookTest>(`${at(id)}/test`, undefined, options),
    deliveries: (id: string, query: DeliveryQuery = {}, options: CallOptions = {}) =>
      calls.list<Delivery>(`${at(id)}/deliveries`, query, options),
    /** Attempts over time, and errors in groups. */
    stats: (
      id: string,
      query: { from?: string; to?: string; interval?: 'minute' | 'hour' | 'day' } = {},
      options: CallOptions = {},
    ) => calls.getWhere<Json>(`${at(id)}/stats`, query, options),
    /** Sends a share of the deliveries to a candidate besides, for comparison, until a time. */
    setShadow: (id: string, input: NewShadow, options?: CallOptions) =>
      calls.put<WebhookShadow>(`${at(id)}/shadow`, input, options),
    /** The candidate, and how it answers beside the real one. */
    shadow: (id: string, options?: CallOptions) => calls.get<WebhookShadowReport>(`${at(id)}/shadow`, options),
    endShadow: (id: string, options?: CallOptions) =>
      calls.delete<{ id: string; deleted: true }>(`${at(id)}/shadow`, options),
    /** Deliveries of all webhooks, newest first; a page that few of them match may be short. */
    searchDeliveries: (query: DeliverySearch = {}, options: CallOptions = {}) =>
      calls.list<Delivery>('/deliveries', query, options),
    eachDelivery: (query: DeliverySearch = {}, options: CallOptions = {}) =>
      calls.each<Delivery>('/deliveries', query, options),
    delivery: (deliveryId: string, options?: CallOptions) => calls.get<DeliveryInFull>(delivery(deliveryId), options),
    attempts: (deliveryId: string, options?: CallOptions) =>
      calls.get<Json[]>(`${delivery(deliveryId)}/attempts`, options),
    /** One more attempt of a delivery that has ended; `resume`: then continue its schedule. */
    retry: (deliveryId: string, input: { resume?: boolean } = {}, options?: CallOptions) =>
      calls.post<Delivery>(`${delivery(deliveryId)}/retry`, input, options),
    cancel: (deliveryId: string, options?: CallOptions) =>
      calls.post<Delivery>(`${delivery(deliveryId)}/cancel`, undefined, options),
    deadLetters: (query: DeadLetterQuery = {}, options: CallOptions = {}) =>
      calls.list<Delivery>('/dead-letters', query, options),
    /** Of a filter: a job, whose progress is that of a replay. */
    redriveDeadLetters: <Choice extends RedriveChoice>(choice: Choice, options?: CallOptions) =>
      calls.post<Choice extends { deliveryIds: string[] } ? Redriven : Redrive>(
        '/dead-letters/redrive',
        choice,
        options,
      ),
    /** What a redrive would send. */
    redriveDryRun: (choice: RedriveChoice, options?: CallOptions) =>
      calls.post<SendingPreview>('/dead-letters/redrive', { ...choice, dryRun: true }, options),
    /** What a replay would send. */
    replayDryRun: (id: string, range: ReplayRange, options?: CallOptions) =>
      calls.post<Json>(`${at(id)}/replay`, { ...range, dryRun: true }, options),
    /** What a recovery would send. */
    recoverDryRun: (id: string, input: { since: string; ratePerSecond?: number }, options?: CallOptions) =>
      calls.post<Json>(`${at(id)}/recover`, { ...input, dryRun: true }, options),
    /** Delivers a range of time again. */
    replay: (id: string, range: ReplayRange, options?: CallOptions) =>
      calls.postOnce<Replay>(`${at(id)}/replay`, range, options),
    /** Delivers all events since then that it has not received successfully. */
    recover: (id: string, input: { since: string; ratePerSecond?: number }, options?: CallOptions) =>
      calls.postOnce<Replay>(`${at(id)}/recover`, input, options),
  }
}

export function createReplays(send: Send) {
  const calls = createCalls(send, '/replays')
  return {
    create: (input: NewReplay, options?: CallOptions) => calls.postOnce<Replay>('', input, options),
    list: (query: Paging & { state?: Replay['state'] } = {}, options: CallOptions = {}) =>
      calls.list<Replay>('', query, options),
    each: (query: Paging & { state?: Replay['state'] } = {}, options: CallOptions = {}) =>
      calls.each<Replay>('', query, options),
    get: (id: string, options?: CallOptions) => calls.get<Replay>(at(id), options),
    items: (id: string, query: Paging = {}, options: CallOptions = {}) =>
      calls.list<ReplayItem>(`${at(id)}/items`, query, options),
    eachItem: (id: string, query: Paging = {}, options: CallOptions = {}) =>
      calls.each<ReplayItem>(`${at(id)}/items`, query, options),
    cancel: (id: string, options?: CallOptions) => calls.post<Replay>(`${at(id)}/cancel`, undefined, options),
    pause: (id: string, options?: CallOptions) => calls.post<Replay>(`${at(id)}/pause`, undefined, options),
    resume: (id: string, options?: CallOptions) => calls.post<Replay>(`${at(id)}/resume`, undefined, options),
  }
}
