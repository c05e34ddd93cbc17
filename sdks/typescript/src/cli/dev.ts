/** `clarion dev`: a platform, an organization, a key, an inspector and the events, on one screen. */
import { ClarionApiError } from '../client/errors.ts'
import type { Organization } from '../generated/types.ts'
import { type Command, type Context, UsageError } from './command.ts'
import { answers, type DevPlatform, platformFolder, startPlatform } from './dev-platform.ts'
import { forwarderTo, SIGNING_OPTIONS, showEvents } from './listen.ts'
import { factsOf } from './login.ts'
import { streamLog } from './stream-log.ts'

const SLUG = 'dev'
const SCOPES = [
  ...['events:emit', 'events:manage', 'events:payload', 'webhooks:manage', 'workflows:manage', 'queues:manage'],
  ...['queues:receive', 'notifications:manage', 'keys:manage', 'usage:read'],
]

export const dev: Command = {
  name: 'dev',
  positionals: [],
  sentence:
    'A platform to develop against: starts one if none answers, makes a test key, and shows events as they come.',
  // biome-ignore format: a table
  options: {
    to: { type: 'string', value: 'URL', sentence: 'POST each event there, as a webhook would.' },
    events: { type: 'string', value: 'LIST', sentence: 'Only these: names or ns.*, by comma.' },
    ...SIGNING_OPTIONS,
    platform: { type: 'string', value: 'DIR', sentence: 'A checkout of the platform to start (CLARION_PLATFORM); default: the nearest one above this folder.' },
    data: { type: 'string', value: 'DIR', sentence: 'Its data; default .clarion-dev in this folder.' },
    slug: { type: 'string', value: 'NAME', sentence: `The organization, which is made if there is none; default ${SLUG}.` },
    'operator-key': { type: 'string', value: 'KEY', sentence: 'Of a platform that runs already (CLARION_ADMIN_KEY); without one the key of the profile is used.' },
  },
  notes: `Ctrl-C ends it, and the platform if it has started one: no process is left, the data are. A platform that ran before goes on.
  clarion dev --to http://localhost:3000/hook --secret whsec_…`,
  async run(context) {
    const { text, env, place } = context
    // Before anything is started.
    const forward = forwarderTo(context, text('to'), '--to')
    let platform: DevPlatform | undefined
    try {
      if (!(await answers(context)))
        platform = await startPlatform(context, platformFolder(text('platform') ?? env.CLARION_PLATFORM, process.cwd()))
      const operatorKey = platform?.operatorKey ?? text('operator-key') ?? env.CLARION_ADMIN_KEY
      const key = operatorKey === undefined ? place.key : await testKey(context, operatorKey)
      if (key === undefined)
        throw new UsageError('a platform answers, and there is no key', 'clarion login, or give --operator-key')
      await introduce(context, key, operatorKey ?? key)
      const client = () => context.clientFor({ url: place.url, key })
      return await showEvents(context, streamLog({ ...context, client }), forward)
    } catch (error) {
      if (context.signal.aborted) return 0
      throw error
    } finally {
      await platform?.end()
    }
  },
}

/** A key of the test environment, in an organization that is made once. */
async function testKey({ clientFor, place, text, signal, clock }: Context, operatorKey: string): Promise<string> {
  const operator = clientFor({ url: place.url, key: operatorKey })
  const slug = text('slug') ?? SLUG
  let organization: Organization | undefined
  for await (const each of operator.organizations.each({ q: slug }, { signal }))
    if (each.slug === slug && each.status === 'active') organization = each
  organization ??= (await operator.organizations.create({ name: slug, slug, plan: 'PRO' }, { signal })).organization
  const name = `clarion dev ${new Date(clock.nowMs()).toISOString()}`
  const expiresAt = new Date(clock.nowMs() + 7 * 86_400_000).toISOString()
  const input = { name, environment: 'test', scopes: SCOPES, expiresAt }
  return (await operator.organizations.keys.create(organization.id, input, { signal })).apiKey
}

/** All that a developer needs beside the events; `by` is the key that makes the link to the console. */
async function introduce({ clientFor, place, print, signal }: Context, key: string, by: string): Promise<void> {
  const client = clientFor({ url: place.url, key })
  const caller = await client.whoami({ signal })
  const { organization, key: own } = caller as unknown as {
    organization: { id: string } | null
    key: { environment: string; scopes: string[] } | null
  }
  if (organization === null || own === null)
    throw new UsageError('the key is that of the operator', 'give it as --operator-key: dev works in an organization')
  const { environment, scopes } = own
  const inspector = await orNone(() => client.inspectors.create({}, { signal }))
  const link = await orNone(() =>
    clientFor({ url: place.url, key: by }).organizations.createConsoleLink(
      organization.id,
      { environment, scopes },
      { signal },
    ),
  )
  const shown = {
    ...factsOf(caller as never),
    ...{ url: place.url, apiKey: key, inspector: inspector?.url ?? '-', console: link?.url ?? `${place.url}/console` },
  }
  for (const [name, value] of Object.entries(shown)) print.note(`  ${name.padEnd(12)} ${value}`)
}

/** Undefined where the key may not make it. */
async function orNone<T>(make: () => Promise<T>): Promise<T | undefined> {
  try {
    return await make()
  } catch (error) {
    if (error instanceof ClarionApiError && error.status < 500) return undefined
    throw error
  }
}
