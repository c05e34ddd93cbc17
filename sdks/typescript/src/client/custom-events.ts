/** `client.events.custom`: registrations, emits and their quarantine. */
import type { Random } from '../clock.ts'
import { checkSurrogates } from '../surrogates.ts'
import { at, createCalls } from './call.ts'
import { createFederation } from './federation.ts'
import { createMarketplace } from './marketplace.ts'
import type { Send } from './transport.ts'
import type {
  BatchOptions,
  BatchResult,
  CallOptions,
  Compatibility,
  CompatibilityMode,
  DryRun,
  Emit,
  EmitInput,
  EmitOptions,
  EmitResult,
  EmitState,
  GeneratedTypes,
  Health,
  Json,
  NewRegistration,
  NewSubscription,
  Paging,
  Quarantined,
  Registration,
  RegistrationStatus,
  Repair,
  Subscription,
  TypesLanguage,
} from './types.ts'

type RegistrationQuery = Paging & {
  namespace?: string
  name?: string
  status?: RegistrationStatus
  includeInbound?: boolean
  q?: string
  latest?: boolean
}
type EmitQuery = Paging & {
  status?: EmitState
  type?: string
  name?: string
  verdict?: 'accepted' | 'rejected' | 'duplicate' | 'failed'
  code?: string
  channel?: 'http' | 'kafka' | 'platform'
  subject?: string
  keyId?: string
  correlationId?: string
  idempotencyKey?: string
  webhookId?: string
  noSubscriber?: boolean
  from?: string
  to?: string
}
type QuarantineQuery = Paging & { code?: string; from?: string; to?: string }

export function createCustomEvents(send: Send, random: Random) {
  const calls = createCalls(send, '/events/custom')
  return {
    /** A retry after a lost answer creates nothing twice: the client sends an `Idempotency-Key`. */
    register: (input: NewRegistration, options?: CallOptions) =>
      calls.post<Registration>('', input, { ...options, headers: { 'idempotency-key': `sdk-${random.id()}` } }),
    list: (query: RegistrationQuery = {}, options: CallOptions = {}) => calls.list<Registration>('', query, options),
    each: (query: RegistrationQuery = {}, options: CallOptions = {}) => calls.each<Registration>('', query, options),
    get: (id: string, options?: CallOptions) => calls.get<Registration>(at(id), options),
    update: (id: string, patch: { description: string | null }, options?: CallOptions) =>
      calls.patch<Registration>(at(id), patch, options),
    publish: (id: string, options?: CallOptions) => calls.post<Registration>(`${at(id)}/publish`, undefined, options),
    /** Final. */
    archive: (id: string, options?: CallOptions) => calls.post<Registration>(`${at(id)}/archive`, undefined, options),
    /** Removes a draft; archives a published version. */
    delete: (id: string, options?: CallOptions) =>
      calls.delete<Registration | { id: string; deleted: true }>(at(id), options),
    /** The payload schema as types of a programming language. */
    types: (id: string, query: { lang: TypesLanguage }, options: CallOptions = {}) =>
      send<GeneratedTypes>({
        method: 'GET',
        path: `/events/custom${at(id)}/types`,
        query,
        signal: options.signal,
      }).then(({ data }) => data),
    /**
     * Checks a registration without creating it, and reports all findings. `history`: also the payloads of 30 days that
     * it would have refused.
     */
    dryRun: (input: NewRegistration & { history?: boolean }, options?: CallOptions) =>
      calls.post<DryRun>('/dry-run', input, options),
    /** What minors must hold to: of the organization, and of single events by `<namespace>.<name>`. */
    compatibility: {
      get: (options?: CallOptions) => calls.get<Compatibility>('/compatibility', options),
      set: (input: Partial<Pick<Compatibility, 'mode' | 'contractPolicy'>>, options?: CallOptions) =>
        calls.put<Compatibility>('/compatibility', input, options),
      of: (fullName: string, options?: CallOptions) =>
        calls.get<Compatibility>(`/compatibility${at(fullName)}`, options),
      setFor: (fullName: string, mode: CompatibilityMode, options?: CallOptions) =>
        calls.put<Compatibility>(`/compatibility${at(fullName)}`, { mode }, options),
      /** The event follows the organization again. */
      unsetFor: (fullName: string, options?: CallOptions) =>
        calls.delete<Compatibility>(`/compatibility${at(fullName)}`, options),
    },
    /** Two versions of one name (ids, or `ns.name@1.0.0`): which bump it is, and what the schemas say of it. */
    compare: (from: string, to: string, options: CallOptions = {}) =>
      calls.getWhere<Json>('/compare', { from, to }, options),
    /** What the verdict on an emit would be now, and which webhooks would get it. Nothing is emitted. */
    emitDryRun: (input: EmitInput, options?: CallOptions) =>
      calls.post<Json>('/emit?dryRun=true', bodyOf(withKey(input, random)), options),
    /** One event. Throws `ClarionApiError` with the verdict's code when it is refused. */
    async emit(input: EmitInput, { schemaHash, onSchemaDrift, ...options }: EmitOptions = {}) {
      const keyed = withKey(input, random)
      // Only a key that a header can carry unchanged: the body contains it anyway.
      const headers: Record<string, string> = /^[!-~]+$/.test(keyed.idempotencyKey)
        ? { 'idempotency-key': keyed.idempotencyKey }
        : {}
      if (schemaHash !== undefined) headers['x-schema-hash'] = schemaHash
      const onHeaders = (answered: Headers): void => {
        const current = answered.get('x-schema-drift')
        if (current !== null) onSchemaDrift?.(current)
      }
      return calls.post<EmitResult>('/emit', bodyOf(keyed), { ...options, headers, onHeaders })
    },
    /**
     * Up to 1,000 events and 4 MB; each gets its own verdict, in order, and a refused one does not affect the others.
     */
    async emitBatch(
      items: readonly EmitInput[],
      { schemaHashes = {}, onSchemaDrift, ...options }: BatchOptions = {},
    ): Promise<BatchResult[]> {
      const body = `{"items":[${items.map(item => bodyOf(withKey(item, random))).join(',')}]}`
      const hashes = Object.entries(schemaHashes).map(([name, hash]) => `${name}=${hash}`)
      const headers: Record<string, string> = hashes.length === 0 ? {} : { 'x-schema-hash': hashes.join(', ') }
      const onHeaders = (answered: Headers): void => {
        for (const part of answered.get('x-schema-drift')?.split(', ') ?? []) {
          const [name, version] = part.split('=') as [string, string]
          onSchemaDrift?.(version, name)
        }
      }
      return (await calls.post<{ results: BatchResult[] }>('/emit/batch', body, { ...options, headers, onHeaders }))
        .results
    },
    /** Plan, usage, capabilities and recent failures. */
    health: (options?: CallOptions) => calls.get<Health>('/health', options),
    /**
     * A webhook under another name: for one event, in one version (`*` or absent: in all). The only answer with the
     * secret.
     */
    subscribe: (input: NewSubscription, options?: CallOptions) =>
      calls.postOnce<Subscription>('/subscribe', input, options),
    emits: {
      list: (query: EmitQuery = {}, options: CallOptions = {}) => calls.list<Emit>('/emits', query, options),
      each: (query: EmitQuery = {}, options: CallOptions = {}) => calls.each<Emit>('/emits', query, options),
      get: (emitId: string, options?: CallOptions) => calls.get<Emit>(`/emits${at(emitId)}`, options),
      /** Retries an emit that could not be written to the log (`bus_relay_failed`). */
      redrive: (emitId: string, options?: CallOptions) =>
        calls.post<EmitResult>(`/emits${at(emitId)}/redrive`, undefined, options),
    },
    quarantine: {
      list: (query: QuarantineQuery = {}, options: CallOptions = {}) =>
        calls.list<Quarantined>('/quarantine', query, options),
      each: (query: QuarantineQuery = {}, options: CallOptions = {}) =>
        calls.each<Quarantined>('/quarantine', query, options),
      get: (emitId: string, options?: CallOptions) => calls.get<Quarantined>(`/quarantine${at(emitId)}`, options),
      /** Emits again with corrections: another payload or version. */
      redrive: async (emitId: string, repair: Repair = {}, options?: CallOptions) =>
        calls.post<EmitResult>(`/quarantine${at(emitId)}/redrive`, bodyOf(repair), options),
    },
    federation: createFederation(send),
    marketplace: createMarketplace(send, random),
  }
}

function withKey(input: EmitInput, random: Random): EmitInput & { idempotencyKey: string } {
  return { ...input, idempotencyKey: input.idempotencyKey ?? `sdk-${random.id()}` }
}

/**
 * `payloadJson` goes into the body unchanged. Throws a SyntaxError or TypeError for a text that would change the body's
 * structure.
 */
function bodyOf({ payloadJson, payload, ...fields }: EmitInput | Repair): string {
  if (payloadJson === undefined) return JSON.stringify({ ...fields, payload })
  JSON.parse(payloadJson)
  checkSurrogates(payloadJson, 'payloadJson')
  const members = JSON.stringify(fields).slice(1, -1)
  return `{${members}${members === '' ? '' : ','}"payload":${payloadJson}}`
}
