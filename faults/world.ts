/** The organizations of the run, of several plans, with webhooks of several manners, and what two of them share. */
import { ADMIN_KEY, type Fleet } from './fleet.ts'
import type { Manner, Receivers } from './receivers.ts'

export interface Member {
  id: string
  slug: string
  plan: string
  apiKey: string
  /** `<slug>.counted`, registered; undefined on a plan that registers nothing. */
  eventName: string | undefined
  webhooks: Array<{ id: string; name: string; ordering: string }>
}

export interface World {
  members: Member[]
  call(key: string, method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  /** `data` of the answer, however often it has to be asked for. */
  surely<T>(key: string, method: string, path: string, body?: unknown): Promise<T>
  /** One more, in the middle of everything. */
  join(plan: string, webhooks: Array<{ manner: Manner; ordering?: string }>): Promise<Member>
  changePlan(member: Member, plan: string): Promise<void>
}

export interface Answer {
  status: number
  headers: Headers
  body: { data?: unknown; error?: { code: string } }
}

const CALL_MS = 20_000

export function createWorld(deps: {
  fleet: Fleet
  receivers: Receivers
  pick: <T>(list: readonly T[]) => T
  sleep(ms: number): Promise<void>
}): World {
  const members: Member[] = []
  let made = 0

  async function call(key: string, method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const { base } = deps.pick(deps.fleet.of('api'))
    const answer = await fetch(base + path, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(CALL_MS),
    })
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Answer['body'] }
  }

  /** Until it is answered by what stands: for the set-up, whose calls can be repeated. */
  async function surely<T>(key: string, method: string, path: string, body?: unknown): Promise<T> {
    for (let tries = 0; ; tries++) {
      const answer = await call(key, method, path, body).catch(() => undefined)
      if (answer && answer.status < 300) return answer.body.data as T
      if (answer?.status === 409 && answer.body.error?.code === 'slug_taken') throw new Error('the slug was taken: an answer was lost')
      if (tries === 60) throw new Error(`${method} ${path}: ${answer?.status} ${JSON.stringify(answer?.body)}`)
      await deps.sleep(500)
    }
  }

  async function join(plan: string, webhooks: Array<{ manner: Manner; ordering?: string }>): Promise<Member> {
    const number = ++made
    const name = `faulty-${number}`
    const { organization, apiKey } = await surely<{ organization: { id: string; slug: string }; apiKey: string }>(
      ADMIN_KEY,
      'POST',
      '/api/v1/organizations',
      { name, plan, ownerEmail: 'faults@example.com' },
    )
    const member: Member = { id: organization.id, slug: organization.slug, plan, apiKey, eventName: undefined, webhooks: [] }
    if (plan !== 'FREE') {
      await surely(apiKey, 'POST', '/api/v1/events/custom', registration(organization.slug))
      member.eventName = `${organization.slug}.counted`
    }
    for (const [index, { manner, ordering = 'none' }] of webhooks.entries()) {
      const hook = `${number}-${index}-${manner}-${ordering}`
      const body = { url: deps.receivers.url(hook, manner), events: ['*'], ordering, name: hook, retry: RETRY }
      const { id } = await surely<{ id: string }>(apiKey, 'POST', '/api/v1/webhooks', body)
      member.webhooks.push({ id, name: hook, ordering })
    }
    members.push(member)
    return member
  }

  return {
    members,
    call,
    surely,
    join,
    async changePlan(member, plan) {
      await surely(ADMIN_KEY, 'PATCH', `/api/v1/organizations/${member.id}`, { plan })
      member.plan = plan
    },
  }
}

/** Scaled by a hundredth: 0.3, 0.6, 1.2, 3, 6, 12 s. */
const RETRY = { delays: [0, '30s', '1m', '2m', '5m', '10m', '20m'] }

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
