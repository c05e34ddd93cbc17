/** The contracts of the receivers that would get a version, and what follows where one does not hold. */
import { createSelectorIndex } from '../../events/selector.ts'
import { finding } from '../../json/json-text.ts'
import type { Code } from '../../model/codes.ts'
import type { Organization } from '../../model/organizations.ts'
import type { QueueRecord } from '../../model/queues.ts'
import type { ReceiverFinding, ReceiverOfEvents } from '../../model/registrations.ts'
import type { Webhook } from '../../model/webhooks.ts'
import type { Workflow } from '../../model/workflows.ts'
import type { RegistrationFinding } from '../../registry/check-registration.ts'
import { type ContractVerdict, judgeContracts } from '../../registry/contracts.ts'
import type { SchemaObject } from '../../registry/schema-positions.ts'
import type { SemverBump } from '../../registry/versions.ts'
import { parseTriggerEvent } from '../../workflows/trigger-event.ts'

export interface JudgedContract extends ContractVerdict {
  receiver: ReceiverOfEvents
}

export interface ContractedVersion {
  fullName: string
  version: string
  canonicalName: string
  schema: SchemaObject
}

export interface Receivers {
  webhooks: readonly Webhook[]
  queues: readonly QueueRecord[]
  workflows: readonly Workflow[]
}

interface Bound {
  receiver: ReceiverOfEvents
  contract: SchemaObject
}

/** Of webhooks and queues that select the version and workflows that it may start, in both environments. */
export function judgedContracts(receivers: Receivers, version: ContractedVersion): JudgedContract[] {
  const bound = [
    ...ofWebhooks(receivers.webhooks, version),
    ...ofQueues(receivers.queues, version),
    ...ofWorkflows(receivers.workflows, version),
  ]
  const verdicts = judgeContracts(
    version.schema,
    bound.map(({ contract }) => contract),
  )
  return bound.map(({ receiver }, at) => ({ receiver, ...(verdicts[at] as ContractVerdict) }))
}

function ofWebhooks(webhooks: readonly Webhook[], version: ContractedVersion): Bound[] {
  return webhooks.flatMap(({ id, name, events, contracts, peer }) => {
    const contract = contractOf(contracts, version.fullName)
    if (!contract || peer !== null || !isSelected(events, version)) return []
    return [{ receiver: { kind: 'webhook' as const, id, name }, contract }]
  })
}

function ofQueues(queues: readonly QueueRecord[], version: ContractedVersion): Bound[] {
  return queues.flatMap(({ id, name, selectors, contracts }) => {
    const contract = contractOf(contracts, version.fullName)
    if (!contract || !isSelected(selectors, version)) return []
    return [{ receiver: { kind: 'queue' as const, id, name }, contract }]
  })
}

const isSelected = (selectors: string[], { fullName, canonicalName }: ContractedVersion): boolean =>
  createSelectorIndex([{ selectors, value: true }]).match({ type: fullName, canonicalName, kind: null }).length > 0

function ofWorkflows(workflows: readonly Workflow[], version: ContractedVersion): Bound[] {
  return workflows.flatMap(workflow => {
    const { id, name, contracts, deletedAt } = workflow
    const contract = contractOf(contracts, version.fullName)
    if (!contract || deletedAt !== null || !mayStart(workflow, version)) return []
    return [{ receiver: { kind: 'workflow' as const, id, name }, contract }]
  })
}

const contractOf = (contracts: Webhook['contracts'] = {}, fullName: string) =>
  Object.hasOwn(contracts, fullName) ? contracts[fullName] : undefined

/** Its trigger names the event, and pins no other version. */
function mayStart({ trigger }: Workflow, { fullName, version, canonicalName }: ContractedVersion): boolean {
  if (trigger.kind !== 'event') return false
  const event = parseTriggerEvent(trigger.event)
  if (event?.form === 'canonical') return event.key === canonicalName
  return event?.form === 'type' && event.key === fullName && ['latest', '*', version].includes(trigger.version)
}

/** A minor that breaks contracts is refused where the organization says so; anything else is a warning. */
export function consequencesOf(
  judged: readonly JudgedContract[],
  bump: SemverBump | null,
  { compatibility }: Pick<Organization, 'compatibility'>,
): { findings: RegistrationFinding[]; warnings: ReceiverFinding[] } {
  const broken = judged.filter(({ holds }) => holds !== true)
  if (broken.length === 0 || bump === 'patch') return { findings: [], warnings: [] }
  const warnings = broken.map(warningOf)
  if (bump !== 'minor' || compatibility?.contractPolicy !== 'refuse') return { findings: [], warnings }
  const code: Code = 'contract_violated'
  const message = `The version does not hold the contracts of ${broken.length} of its receivers.`
  const details = warnings.map(({ receiver: _receiver, ...each }) => each)
  return { findings: [{ code, message, details }], warnings: [] }
}

function warningOf({ receiver, holds, path }: JudgedContract): ReceiverFinding {
  const named = receiver.name === null ? receiver.id : `${receiver.id} (${receiver.name.slice(0, 60)})`
  const what = holds === false ? 'needs what payloads of this version may lack' : 'is not proved to get what it needs'
  const rule = holds === false ? 'contract_violated' : 'contract_not_provable'
  return {
    ...finding('/payloadSchema', rule, `the ${receiver.kind} ${named} ${what}, at '${path}' of its contract`),
    receiver,
  }
}
