/** The organizations of the run, of several plans, with webhooks of several manners, and what two of them share. */
import { ADMIN_KEY, type Fleet } from './fleet.ts'
import type { Manner, Receivers } from './receivers.ts'

export interface Member {
  id: string
  slug: string
  /** An organization that emits in both has two entries. */
  environment: 'live' | 'test'
  plan: string
  /** It changes plans in the middle. */
  planChanged: boolean
  /** It was there before the first emit. */
  founder: boolean
  apiKey: string
  /** `<slug>.counted`, registered; undefined on a plan that registers nothing. */
  eventName: string | undefined
  webhooks: Array<{ id: string; name: string; ordering: string; manner: Manner }>
}

export interface World {
  members: Member[]
  call(key: string, method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  /** `data` of the answer, after as many tries as it takes. `done`: a code of an error that says that an earlier try was done. */
  surely<T>(key: string, method: string, path: string, body?: unknown, done?: string): Promise<T>
  /** An organization that is none of the members. */
  outsider(plan: string): Promise<{ id: string; apiKey: string }>
  /** One more, in the middle of everything. */
  join(plan: string, webhooks: Array<{ manner: Manner; ordering?: string }>): Promise<Member>
  /** The same organization with a key and a webhook of the test environment. */
  joinTest(member: Member): Promise<Member>
  changePlan(member: Member, plan: string): Promise<void>
  /** Organizations that join from now on are no founders. */
  founded(): void
}

export interface Answer {
  status: number
  headers: Headers
  body: { data?: unknown; error?: { code: string } }
}

const CALL_MS = 20_000
/** So many tries at making organizations; most of them succeed. */
const FOUNDED_MAX = 2_000

export function createWorld(deps: {
  fleet: Fleet
  receivers: Receivers
  pick: <T>(list: readonly T[]) => T
  sleep(ms: number): Promise<void>
}): World {
  const members: Member[] = []
  let made = 0
  let founding = true

  async function call(
    key: string,
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const { base } = deps.pick(deps.fleet.of('api'))
    const answer = await fetch(base + path, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(CALL_MS),
    })
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Answer['body'] }
  }

  /** Repeats until it is answered: for the set-up, whose calls can be repeated. */
  async function surely<T>(key: string, method: string, path: string, body?: unknown, done?: string): Promise<T> {
    for (let tries = 0; ; tries++) {
      const answer = await call(key, method, path, body).catch(() => undefined)
      if (answer && answer.status < 300) return answer.body.data as T
      if (done !== undefined && answer?.body.error?.code === done) return undefined as T
      if (tries === 60 || answer?.status === 400)
        throw new Error(`${method} ${path}: ${answer?.status} ${JSON.stringify(answer?.body)}`)
      await deps.sleep(500)
    }
  }

  /** An organization whose answer was lost exists, but its key is lost: the run makes another one. */
  async function found(plan: string): Promise<{ organization: { id: string; slug: string }; apiKey: string }> {
    const body = () => ({ name: `faulty-${++made}`, plan, ownerEmail: 'faults@example.com' })
    for (;;) {
      const answer = await call(ADMIN_KEY, 'POST', '/api/v1/organizations', body()).catch(() => undefined)
      if (answer?.status === 201)
        return answer.body.data as { organization: { id: string; slug: string }; apiKey: string }
      if (made > FOUNDED_MAX)
        throw new Error(`no organization can be made: ${answer?.status} ${JSON.stringify(answer?.body)}`)
      await deps.sleep(500)
    }
  }

  async function join(plan: string, webhooks: Array<{ manner: Manner; ordering?: string }>): Promise<Member> {
    const { organization, apiKey } = await found(plan)
    const { id, slug } = organization
    const fixed = { planChanged: false, founder: founding, eventName: undefined, webhooks: [] }
    const member: Member = { id, slug, environment: 'live', plan, apiKey, ...fixed }
    if (plan !== 'FREE') {
      await surely(apiKey, 'POST', '/api/v1/events/custom', registration(slug), 'version_already_exists')
      member.eventName = `${slug}.counted`
    }
    for (const { manner, ordering = 'none' } of webhooks) await addWebhook(member, manner, ordering)
    members.push(member)
    return member
  }

  async function addWebhook(member: Member, manner: Manner, ordering: string): Promise<void> {
    const name = `${member.slug}-${member.environment}-${member.webhooks.length}-${manner}-${ordering}`
    const patience = manner === 'hanging' ? PATIENT : { retry: RETRY }
    const body = { url: deps.receivers.url(name, manner), events: ['*'], ordering, name, ...patience }
    const { id } = await surely<{ id: string }>(member.apiKey, 'POST', '/api/v1/webhooks', body)
    member.webhooks.push({ id, name, ordering, manner })
    // One whose answer was lost exists as well; it has no emits yet, so it is deleted.
    const listed = await surely<Array<{ id: string; name: string }>>(member.apiKey, 'GET', '/api/v1/webhooks?limit=100')
    for (const other of listed)
      if (other.name === name && other.id !== id)
        await surely(member.apiKey, 'DELETE', `/api/v1/webhooks/${other.id}`, undefined, 'not_found')
  }

  return {
    members,
    call,
    surely,
    async outsider(plan) {
      const { organization, apiKey } = await found(plan)
      return { id: organization.id, apiKey }
    },
    join,
    async joinTest(member) {
      const scopes = ['events:emit', 'events:read', 'webhooks:manage', 'audit:read', 'usage:read']
      const body = { name: 'test', environment: 'test', scopes }
      const { apiKey } = await surely<{ apiKey: string }>(
        ADMIN_KEY,
        'POST',
        `/api/v1/organizations/${member.id}/keys`,
        body,
      )
      const test: Member = { ...member, environment: 'test', apiKey, webhooks: [] }
      await addWebhook(test, 'good', 'none')
      members.push(test)
      return test
    },
    founded() {
      founding = false
    },
    async changePlan(member, plan) {
      member.planChanged = true
      await surely(ADMIN_KEY, 'PATCH', `/api/v1/organizations/${member.id}`, { plan })
      member.plan = plan
    },
  }
}

/** Scaled by a hundredth: 0.3, 0.6, 1.2, 3, 6, 12 s. */
const RETRY = { delays: [0, '30s', '1m', '2m', '5m', '10m', '20m'] }

/** Of a receiver that hangs for minutes: 48 s seven times, so that nothing ends within five minutes, even with moved clocks. */
const PATIENT = { retry: { delays: [0, ...Array.from({ length: 7 }, () => '80m')] }, timeoutMs: 2_000 }

const registration = (namespace: string) => ({
  namespace,
  name: 'counted',
  version: '1.0.0',
  status: 'published',
  payloadSchema: {
    type: 'object',
    properties: { n: { type: 'integer' }, note: { type: 'string', maxLength: 2000 } },
    required: ['n'],
    additionalProperties: false,
  },
})

/** The first organization owns a group, the second is its member, and what the first emits is repeated there. */
export async function federate(world: World, owner: Member, peer: Member): Promise<void> {
  const prefix = '/api/v1/events/custom/federation/groups'
  const must = async (key: string, path: string, body: unknown): Promise<{ id: string }> => {
    const answer = await world.call(key, 'POST', path, body)
    if (answer.status >= 300) throw new Error(`POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body.data as { id: string }
  }
  const group = await must(owner.apiKey, prefix, { name: 'the group of the faults' })
  await must(owner.apiKey, `${prefix}/${group.id}/invite`, { memberOrganizationId: peer.id })
  await must(peer.apiKey, `${prefix}/${group.id}/accept`, {})
  const listed = await world.call(owner.apiKey, 'GET', '/api/v1/events/custom?name=counted')
  const [registered] = listed.body.data as Array<{ id: string }>
  await must(owner.apiKey, `${prefix}/${group.id}/pushes`, { registrationId: registered!.id })
}
