/** Which lifecycle events anything of an organization names, by environment; kept until a source of the names changes. */
import type { Environment } from '../../model/environments.ts'
import { LIFECYCLE_PATTERN } from '../../model/names.ts'
import type { Organization } from '../../model/organizations.ts'
import type { QueueRecord } from '../../model/queues.ts'
import type { Webhook } from '../../model/webhooks.ts'
import type { Workflow } from '../../model/workflows.ts'

type Names = Record<Environment, ReadonlySet<string>>
/** Sources of the names of lifecycle events; the identity of each changes with its content. */
interface Sources {
  webhooks: readonly Webhook[]
  organization: Organization | undefined
  workflows: readonly Workflow[]
  queues: readonly QueueRecord[]
}
/** By the list of webhooks, or by the organization or what else it has where it has none. */
const known = new WeakMap<object, Sources & { names: Names }>()
const NOBODY: Names = { live: new Set(), test: new Set() }

/** The lifecycle names that webhooks, queues and live workflows select or the organization has listed, by environment. */
export function namesOf(given: Sources): Names {
  const { webhooks, organization } = given
  const workflows = given.workflows.length === 0 ? NO_WORKFLOWS : given.workflows
  const queues = given.queues.length === 0 ? NO_QUEUES : given.queues
  if (webhooks.length + workflows.length + queues.length === 0 && organization?.lifecycleNames === undefined)
    return NOBODY
  const key = webhooks.length > 0 ? webhooks : (organization ?? (queues.length > 0 ? queues : workflows))
  const found = known.get(key)
  const isSame = found?.webhooks === webhooks && found.organization === organization
  if (isSame && found.workflows === workflows && found.queues === queues) return found.names
  const sources = { webhooks, organization, workflows, queues }
  const names = { live: namesIn('live', sources), test: namesIn('test', sources) }
  known.set(key, { ...sources, names })
  return names
}

const NO_WORKFLOWS: readonly Workflow[] = []
const NO_QUEUES: readonly QueueRecord[] = []

function namesIn(environment: Environment, { webhooks, organization, workflows, queues }: Sources): Set<string> {
  const isHere = (each: { environment: Environment }) => each.environment === environment
  const selected = [
    ...webhooks.filter(isHere).flatMap(({ events }) => events),
    ...queues.filter(isHere).flatMap(({ selectors }) => selectors),
    ...workflows.filter(isHere).flatMap(eventOf),
  ]
  const listed = organization?.lifecycleNames?.[environment] ?? []
  return new Set([...selected.map(nameIn).filter(name => LIFECYCLE_PATTERN.test(name)), ...listed])
}

const eventOf = ({ trigger, active, deployed, deletedAt }: Workflow): string[] =>
  trigger.kind === 'event' && active && deployed !== null && deletedAt === null ? [trigger.event] : []

const CANONICAL = /^PLATFORM_LIFECYCLE:[^:]*:([^@]*)@1$/
const nameIn = (selector: string): string => CANONICAL.exec(selector)?.[1] ?? selector
