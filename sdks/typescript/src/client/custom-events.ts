/** `client.events.custom`: registrations, emits and their quarantine (C.11.6, C.17). */
import type { Random } from '../clock.ts'
import { each } from './pages.ts'
import type { Request, Send } from './transport.ts'
import type {
  BatchResult,
  CallOptions,
  DryRun,
  Emit,
  EmitInput,
  EmitResult,
  EmitState,
  Health,
  Json,
  NewRegistration,
  Page,
  Paging,
  Quarantined,
  Registration,
  RegistrationStatus,
} from './types.ts'

const CUSTOM = '/events/custom'
type RegistrationQuery = Paging & { namespace?: string; name?: string; status?: RegistrationStatus; includeInbound?: boolean }
type EmitQuery = Paging & { status?: EmitState; name?: string; from?: string; to?: string }
type QuarantineQuery = Paging & { code?: string; from?: string; to?: string }

export function createCustomEvents(send: Send, random: Random) {
  const call = <T>(
    method: Request['method'],
    path: string,
    body?: unknown,
    options: CallOptions = {},
    headers: Record<string, string> = {},
  ) => {
    const ifMatch = options.ifMatch === undefined ? {} : { 'if-match': String(options.ifMatch) }
    return send<T>({ method, path: CUSTOM + path, body, headers: { ...headers, ...ifMatch }, signal: options.signal })
  }
  const one = async <T>(...request: Parameters<typeof call>) => (await call<T>(...request)).data
  const list = <T>(path: string, query: Paging, options: CallOptions): Promise<Page<T>> =>
    send<T[]>({ method: 'GET', path: CUSTOM + path, query, signal: options.signal })
  const at = (id: string) => `/${encodeURIComponent(id)}`

  return {
    /** Repeating it after a lost answer makes nothing twice: the client names the call (`Idempotency-Key`). */
    register: (input: NewRegistration, options?: CallOptions) =>
      one<Registration>('POST', '', input, options, { 'idempotency-key': `sdk-${random.id()}` }),
    list: (query: RegistrationQuery = {}, options: CallOptions = {}) => list<Registration>('', query, options),
    get: (id: string, options?: CallOptions) => one<Registration>('GET', at(id), undefined, options),
    update: (id: string, patch: { description: string | null }, options?: CallOptions) =>
      one<Registration>('PATCH', at(id), patch, options),
    publish: (id: string, options?: CallOptions) => one<Registration>('POST', `${at(id)}/publish`, undefined, options),
    /** Final. */
    archive: (id: string, options?: CallOptions) => one<Registration>('POST', `${at(id)}/archive`, undefined, options),
    /** A draft is removed; what was published is archived. */
    delete: (id: string, options?: CallOptions) => one<Registration | { id: string; deleted: true }>('DELETE', at(id), undefined, options),
    /** Checks a registration, makes nothing, and tells everything that is wrong. */
    dryRun: (input: NewRegistration, options?: CallOptions) => one<DryRun>('POST', '/dry-run', input, options),
    /** One event. Throws `ClarionApiError` with the verdict's code when it is refused. */
    emit(input: EmitInput, options?: CallOptions) {
      const keyed = withKey(input, random)
      // In a header only what arrives there as it was: the body carries the key anyway.
      const header = /^[!-~]+$/.test(keyed.idempotencyKey) ? { 'idempotency-key': keyed.idempotencyKey } : {}
      return one<EmitResult>('POST', '/emit', bodyOf(keyed), options, header)
    },
    /** Up to 1,000 events and 4 MB; each gets its own verdict, in order, and one that is refused stops no other. */
    async emitBatch(items: readonly EmitInput[], options?: CallOptions): Promise<BatchResult[]> {
      const body = `{"items":[${items.map(item => bodyOf(withKey(item, random))).join(',')}]}`
      return (await one<{ results: BatchResult[] }>('POST', '/emit/batch', body, options)).results
    },
    /** Plan, usage, capabilities and recent failures. */
    health: (options?: CallOptions) => one<Health>('GET', '/health', undefined, options),
    /** A webhook by another name: for one event, in one version (`*` or nothing: in all). */
    subscribe: (input: { name: string; version?: string; webhookUrl: string; displayName?: string }, options: CallOptions = {}) =>
      send<Json>({ method: 'POST', path: `${CUSTOM}/subscribe`, body: input, onlyOnce: true, signal: options.signal }).then(
        ({ data }) => data,
      ),
    emits: {
      list: (query: EmitQuery = {}, options: CallOptions = {}) => list<Emit>('/emits', query, options),
      each: (query: EmitQuery = {}, options: CallOptions = {}) => each(query, page => list<Emit>('/emits', page, options)),
      get: (emitId: string, options?: CallOptions) => one<Emit>('GET', `/emits${at(emitId)}`, undefined, options),
      /** Tries again to write what could not be written to the log (`bus_relay_failed`). */
      redrive: (emitId: string, options?: CallOptions) => one<Json>('POST', `/emits${at(emitId)}/redrive`, undefined, options),
    },
    quarantine: {
      list: (query: QuarantineQuery = {}, options: CallOptions = {}) => list<Quarantined>('/quarantine', query, options),
      each: (query: QuarantineQuery = {}, options: CallOptions = {}) =>
        each(query, page => list<Quarantined>('/quarantine', page, options)),
      get: (emitId: string, options?: CallOptions) => one<Quarantined>('GET', `/quarantine${at(emitId)}`, undefined, options),
      /** Emits again, repaired: with another payload or for another version. */
      redrive: (emitId: string, repair: { payload?: Json; version?: string } = {}, options?: CallOptions) =>
        one<EmitResult>('POST', `/quarantine${at(emitId)}/redrive`, repair, options),
    },
  }
}

function withKey(input: EmitInput, random: Random): EmitInput & { idempotencyKey: string } {
  return { ...input, idempotencyKey: input.idempotencyKey ?? `sdk-${random.id()}` }
}

/** `payloadJson` goes into the body as it is. Throws a SyntaxError if it is not JSON, which would make the body something else. */
function bodyOf({ payloadJson, ...input }: EmitInput): string {
  if (payloadJson === undefined) return JSON.stringify(input)
  JSON.parse(payloadJson)
  return `${JSON.stringify(input).slice(0, -1)},"payload":${payloadJson}}`
}
