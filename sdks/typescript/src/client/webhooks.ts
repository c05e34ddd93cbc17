/** `client.events.webhooks` (C.10). */
import { each } from './pages.ts'
import type { Request, Send } from './transport.ts'
import type { CallOptions, Delivery, Json, NewWebhook, Page, Paging, Webhook } from './types.ts'

type DeliveryQuery = Paging & { status?: Delivery['status']; type?: string; from?: string; to?: string }

export function createWebhooks(send: Send, defaults: Partial<NewWebhook> = {}) {
  const call = async <T>(method: Request['method'], path: string, body?: unknown, options: CallOptions = {}, onlyOnce = false) => {
    const headers: Record<string, string> = options.ifMatch === undefined ? {} : { 'if-match': String(options.ifMatch) }
    return (await send<T>({ method, path: `/webhooks${path}`, body, headers, onlyOnce, signal: options.signal })).data
  }
  const list = <T>(path: string, query: Paging, options: CallOptions): Promise<Page<T>> =>
    send<T[]>({ method: 'GET', path: `/webhooks${path}`, query, signal: options.signal })
  const at = (id: string) => `/${encodeURIComponent(id)}`

  return {
    /** The answer holds the secret, this once. Not repeated when it may have been done: there would be two. */
    create: (input: NewWebhook, options?: CallOptions) =>
      call<Webhook & { secret: string }>('POST', '', { ...defaults, ...input }, options, true),
    list: (query: Paging = {}, options: CallOptions = {}) => list<Webhook>('', query, options),
    each: (query: Paging = {}, options: CallOptions = {}) => each(query, page => list<Webhook>('', page, options)),
    get: (id: string, options?: CallOptions) => call<Webhook>('GET', at(id), undefined, options),
    /** `active: false` pauses. */
    update: (id: string, patch: Partial<NewWebhook>, options?: CallOptions) => call<Webhook>('PATCH', at(id), patch, options),
    delete: (id: string, options?: CallOptions) => call<{ id: string; deleted: true }>('DELETE', at(id), undefined, options),
    /** `from_pause` (unless said) also delivers what was emitted in between. */
    activate: (id: string, input: { resume?: 'from_pause' | 'latest' } = {}, options?: CallOptions) =>
      call<Webhook>('POST', `${at(id)}/activate`, input, options),
    /** A new secret, shown this once; both sign for 24 h, unless `immediate`. Not repeated when it may have been done. */
    rotate: (id: string, input: { secret?: string; immediate?: boolean } = {}, options?: CallOptions) =>
      call<Webhook & { secret: string }>('POST', `${at(id)}/rotate`, input, options, true),
    /** Sends a signed `webhook.test`. */
    test: (id: string, options?: CallOptions) => call<Json>('POST', `${at(id)}/test`, {}, options),
    deliveries: (id: string, query: DeliveryQuery = {}, options: CallOptions = {}) =>
      list<Delivery>(`${at(id)}/deliveries`, query, options),
    delivery: (deliveryId: string, options?: CallOptions) => call<Delivery>('GET', `/deliveries${at(deliveryId)}`, undefined, options),
    attempts: (deliveryId: string, options?: CallOptions) =>
      call<Json[]>('GET', `/deliveries${at(deliveryId)}/attempts`, undefined, options),
    /** One more attempt of a delivery that has ended; `resume`: and its schedule after it. */
    retry: (deliveryId: string, input: { resume?: boolean } = {}, options?: CallOptions) =>
      call<Delivery>('POST', `/deliveries${at(deliveryId)}/retry`, input, options),
    cancel: (deliveryId: string, options?: CallOptions) => call<Delivery>('POST', `/deliveries${at(deliveryId)}/cancel`, {}, options),
    deadLetters: (query: DeliveryQuery = {}, options: CallOptions = {}) => list<Delivery>('/dead-letters', query, options),
    redriveDeadLetters: (input: Json, options?: CallOptions) => call<Json>('POST', '/dead-letters/redrive', input, options),
  }
}
