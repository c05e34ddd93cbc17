/** `clarion plan DIR` and `clarion apply DIR`: event types and webhooks as files. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { DryRun, NewRegistration, NewWebhook, Webhook } from '../client/types.ts'
import { type Command, type Context, UsageError } from './command.ts'
import { parseJson, readText } from './input.ts'

interface Step {
  file: string
  what: string
  action: 'none' | 'register' | 'create' | 'update' | 'refused'
  message: string
  apply?(): Promise<unknown>
}

const NOTES = `Each file of DIR is the body of a registration (namespace, name, version, payloadSchema) or of a webhook (name, url, events).
A webhook is known by its name. Nothing is deleted; a changed schema under the same version is refused.
  clarion plan events/ && clarion apply events/`

export const plan: Command = {
  name: 'plan',
  positionals: ['DIR'],
  sentence: 'Show what apply would do. Exits with 1 if something would be refused.',
  options: {},
  notes: NOTES,
  async run(context) {
    const steps = await stepsOf(context)
    show(context, steps)
    return steps.some(({ action }) => action === 'refused') ? 1 : 0
  },
}

export const apply: Command = {
  name: 'apply',
  positionals: ['DIR'],
  sentence:
    'Register event types and make or change webhooks, as files say. Does nothing if something would be refused.',
  options: {},
  notes: NOTES,
  async run(context) {
    const steps = await stepsOf(context)
    if (steps.some(({ action }) => action === 'refused')) {
      show(context, steps)
      return 1
    }
    for (const step of steps) await step.apply?.()
    show(context, steps)
    return 0
  },
}

const show = ({ print }: Context, steps: readonly Step[]): void =>
  print.table(
    steps.map(({ apply: _, ...shown }) => shown),
    ['file', 'what', 'action', 'message'],
  )

async function stepsOf(context: Context): Promise<Step[]> {
  const [folder = ''] = context.positionals
  let names: string[]
  try {
    names = (await readdir(folder)).filter(name => name.endsWith('.json')).sort()
  } catch (error) {
    throw new UsageError(`${folder} cannot be read: ${(error as NodeJS.ErrnoException).code}`)
  }
  if (names.length === 0) throw new UsageError(`${folder} has no file .json`)
  const steps: Step[] = []
  for (const file of names) {
    const body = parseJson(await readText(join(folder, file)), file) as Record<string, unknown>
    if (body?.payloadSchema !== undefined) steps.push(await registrationStep(context, file, body as never))
    else if (body?.url !== undefined) steps.push(await webhookStep(context, file, body as never))
    else throw new UsageError(`${file} is neither an event type nor a webhook`, 'see clarion plan --help')
  }
  return steps
}

async function registrationStep({ client, signal }: Context, file: string, body: NewRegistration): Promise<Step> {
  const { namespace, name, version } = body
  const what = `${namespace}.${name}@${version}`
  const judged = await client().events.custom.dryRun(body, { signal })
  for await (const each of client().events.custom.each({ namespace, name }, { signal })) {
    if (each.version !== version) continue
    if (each.schemaHash === judged.schemaHash) return { file, what, action: 'none', message: each.status }
    return { file, what, action: 'refused', message: 'a registered version does not change: choose the next one' }
  }
  if (!judged.valid) return { file, what, action: 'refused', message: reasonsOf(judged) }
  return {
    ...{ file, what, action: 'register', message: judged.semverBump ?? '' },
    apply: () => client().events.custom.register(body, { signal }),
  }
}

const reasonsOf = ({ findings }: DryRun): string =>
  findings.map(({ code, message }) => `${code}: ${message}`).join('; ')

async function webhookStep({ client, signal }: Context, file: string, body: NewWebhook): Promise<Step> {
  const what = `webhook ${body.name}`
  if (!body.name) throw new UsageError(`${file} has no name`, 'a webhook is known by its name')
  const { webhooks } = client().events
  for await (const each of webhooks.each({}, { signal })) {
    if (each.name !== body.name) continue
    const changed = differing(each, body)
    if (changed.length === 0) return { file, what, action: 'none', message: String(each.health) }
    const patch = Object.fromEntries(changed.map(field => [field, body[field as keyof NewWebhook]]))
    return {
      file,
      what,
      action: 'update',
      message: changed.join(', '),
      apply: () => webhooks.update(each.id, patch, { signal, ifMatch: each.revision }),
    }
  }
  return { file, what, action: 'create', message: String(body.url), apply: () => webhooks.create(body, { signal }) }
}

/** Fields that an answer shows; a secret and the values of headers are never compared. */
const differing = (webhook: Webhook, body: NewWebhook): string[] =>
  Object.entries(body)
    .filter(
      ([field, value]) => field in webhook && !isSame((webhook as unknown as Record<string, unknown>)[field], value),
    )
    .map(([field]) => field)

/** What the answer has besides counts for nothing: a retry policy comes back with its delays. */
function isSame(shown: unknown, given: unknown): boolean {
  if (typeof given !== 'object' || given === null || typeof shown !== 'object' || shown === null) return shown === given
  const entries = Object.entries(given)
  if (Array.isArray(given) && given.length !== (shown as unknown[]).length) return false
  return entries.every(([name, value]) => isSame((shown as Record<string, unknown>)[name], value))
}
