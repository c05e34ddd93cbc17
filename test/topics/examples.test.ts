import { describe, expect, it } from '@jest/globals'
import { nameOf } from '../../processors/topology.ts'
import { createIngressTags } from '../../src/events/ingress.ts'
import { eventHeaders, readEventHeaders } from '../../src/events/log-record.ts'
import { readSubscribers } from '../../src/events/subscribers.ts'
import { KINDS, type Kind, type RecordsByKind } from '../../src/model/records.ts'
import { counterKeys } from '../../topics/admission-counters.ts'
import { control } from '../../topics/control.ts'
import { deliveryStateKeys } from '../../topics/delivery-state.ts'
import { ORGANIZATION_TOPICS, SHARED_TOPICS } from '../../topics/index.ts'
import { shards } from '../../topics/shards.ts'
import { asExample, asRecord, EXAMPLES_SECRET, type Example, examplesOf, FOLDERS, folderOf } from './example-records.ts'

const topics = [...SHARED_TOPICS, ...ORGANIZATION_TOPICS].filter(topic => topic !== shards)
const everything = FOLDERS.flatMap(examplesOf)
const named = (examples: Example[]) =>
  examples.map((example): [string, Example] => [`${example.folder}/${example.shows}`, example])

describe('the examples', () => {
  it('show every topic that holds records, and no other', () => {
    expect([...FOLDERS].sort()).toEqual([...new Set(topics.map(topic => folderOf(nameOf(topic))))].sort())
    expect(FOLDERS.filter(folder => examplesOf(folder).length === 0)).toEqual([])
  })

  it('have file names that describe them', () => {
    for (const { folder, shows } of everything) expect(`${folder}/${shows}`).toMatch(/^[a-z.-]+\/[a-z]+(-[a-z0-9]+)*$/)
  })

  it('name an organization’s topic where each organization has its own', () => {
    for (const { folder, topic } of everything) {
      const ofOrganizations = ORGANIZATION_TOPICS.some(each => folderOf(each.pattern) === folder)
      expect(topic).toMatch(
        ofOrganizations ? new RegExp(`^${folder}\\.org_[0-9a-z]{26}(\\.test)?$`) : new RegExp(`^${folder}$`),
      )
    }
  })

  it.each(named(everything))('%s is written to bytes and read back unchanged', (_, example) => {
    const { topic, key, headers, value } = example
    expect(asExample(asRecord(example))).toEqual({ topic, key, headers, value })
  })
})

it('the keys of state records are those that a shard is restored by, and each kind has an example', () => {
  const counters = examplesOf('admission.counters').map(({ key }) => counterKeys.parse(key as string))
  expect(new Set(counters.flatMap(parsed => Object.keys(parsed ?? { unknown: 0 })))).toEqual(
    new Set(['organizationId', 'topic', 'partition']),
  )
  const states = examplesOf('delivery.state').map(({ key }) => deliveryStateKeys.parse(key as string))
  expect(new Set(states.flatMap(parsed => Object.keys(parsed ?? { unknown: 0 })))).toEqual(
    new Set([
      'position',
      'done',
      'block',
      'open',
      'asked',
      'health',
      'notice',
      'lane',
      'subject',
      'endpoint',
      'failed',
      'environment',
    ]),
  )
})

describe('examples of the control plane', () => {
  const examples = examplesOf(control.name)
  const kindOf = ({ key }: Example) => (key as string).split('/')[0] as Kind

  it('show every kind, and a removal', () => {
    expect(new Set(examples.filter(({ value }) => value !== null).map(kindOf))).toEqual(new Set(KINDS))
    expect(examples.some(({ value }) => value === null)).toBe(true)
  })

  it.each(named(examples.filter(({ value }) => value !== null)))(
    '%s has the fields of its kind under the key that names it',
    (_, example) => {
      const value = example.value as RecordsByKind[Kind]
      const optional = kindOf(example) === 'registration' ? ['idempotencyKey'] : []
      const fields = [...Object.keys(SHARED_FIELDS), ...Object.keys(FIELDS[kindOf(example)])]
      expect(example.key).toBe(`${kindOf(example)}/${value.organizationId}/${value.id}`)
      expect(
        Object.keys(value)
          .filter(name => !optional.includes(name))
          .sort(),
      ).toEqual(fields.sort())
      for (const time of [value.createdAt, value.updatedAt]) expect(new Date(time).toISOString()).toBe(time)
    },
  )
})

type Names<T> = { [K in keyof T as undefined extends T[K] ? never : K]: true }
const SHARED_FIELDS = { id: true, organizationId: true, revision: true, createdAt: true, updatedAt: true } as const
/** The compiler holds these lists to the records' types. */
const FIELDS: { [K in Kind]: Omit<Names<RecordsByKind[K]>, keyof typeof SHARED_FIELDS> } = {
  organization: {
    ...{ slug: true, name: true, plan: true, status: true, ownerEmail: true },
    ...{ namespaceAllowlist: true, partitions: true, testEnvironment: true },
  },
  key: { name: true, environment: true, scopes: true, hash: true, hint: true, expiresAt: true },
  registration: {
    ...{ namespace: true, name: true, version: true, canonicalName: true, status: true, description: true },
    ...{ payloadSchema: true, payloadExample: true, schemaHash: true, schemaFlavour: true, semverBump: true },
    ...{ registeredBy: true, publishedAt: true, archivedAt: true },
  },
  webhook: {
    ...{ environment: true, name: true, description: true, url: true, events: true, active: true, pausedAt: true },
    ...{ encryptedSecret: true, timeoutMs: true, maxInFlight: true, retryDelaysMs: true, apiVersion: true },
    ...{
      conditions: true,
      signatureProfiles: true,
      wireFormat: true,
      ordering: true,
      encryptedHeaders: true,
      headerNames: true,
    },
    ...{ previousEncryptedSecret: true, previousSecretExpiresAt: true, health: true, failingSince: true },
    ...{ autoDisableAfterDays: true, resumeAfter: true, peer: true },
  },
  queue: {
    ...{ environment: true, name: true, selectors: true, conditions: true, visibilityTimeoutSeconds: true },
    ...{ maxReceives: true, nackBackoff: true, retentionHours: true, ordered: true, deadLetterQueueId: true },
    ...{ startOffsets: true, active: true },
  },
  'federation-group': { name: true, description: true, status: true, createdBy: true, archivedAt: true },
  'federation-member': {
    ...{
      groupId: true,
      peerType: true,
      memberOrganizationId: true,
      label: true,
      status: true,
      pauseReason: true,
      removeReason: true,
    },
    ...{
      inboundNamespace: true,
      invitedBy: true,
      invitedAt: true,
      inviteExpiresAt: true,
      acceptedBy: true,
      acceptedAt: true,
    },
    ...{ pausedBy: true, pausedAt: true, removedBy: true, removedAt: true },
  },
  'federation-push': {
    ...{
      groupId: true,
      sourceRegistrationId: true,
      namespace: true,
      name: true,
      version: true,
      sourceCanonicalName: true,
    },
    ...{
      schemaSnapshot: true,
      schemaHash: true,
      pushedBy: true,
      pushedAt: true,
      unpushedBy: true,
      unpushedAt: true,
      isActive: true,
    },
  },
  listing: {
    ...{ registrationId: true, namespace: true, name: true, version: true, sourceCanonicalName: true },
    ...{ schemaHash: true, schemaFlavour: true, payloadSchema: true, payloadExample: true, title: true },
    ...{ description: true, tags: true, license: true, changelog: true, previousListingId: true, status: true },
    ...{ statusReason: true, takedownReason: true, forkCount: true, publishedBy: true, publishedAt: true },
    ...{ unpublishedAt: true, archivedAt: true },
  },
  fork: {
    ...{ listingId: true, forkRegistrationId: true, forkCanonicalName: true, namespace: true, name: true },
    ...{ version: true, sourceCanonicalName: true, sourceSchemaHash: true, licenseSnapshot: true },
    ...{ licenseAcceptedBy: true, licenseAcceptedAt: true, forkedBy: true, forkedAt: true },
  },
  'drift-finding': {
    ...{ kind: true, severity: true, entityType: true, entityId: true, canonicalName: true, message: true },
    ...{ expected: true, actual: true, diff: true, proposal: true, diffHash: true, firstSeenAt: true },
    ...{ lastSeenAt: true, occurrences: true, status: true, resolvedAt: true, note: true },
  },
  shadow: {
    ...{ environment: true, url: true, share: true, encryptedHeaders: true, headerNames: true, since: true },
    until: true,
  },
  'kafka-credential': { name: true, access: true, username: true },
  'secret-key': { keyIds: true },
  inspector: { environment: true, name: true, token: true, answer: true, failFirst: true, expiresAt: true },
  login: { tokenHash: true, keyId: true, expiresAt: true, usedAt: true, link: true },
  'notification-channel': {
    ...{ name: true, type: true, builtIn: true, recipients: true, url: true, encryptedUrl: true, urlHint: true },
    ...{ template: true, encryptedHeaders: true, headerNames: true, encryptedSecret: true },
    ...{ previousEncryptedSecret: true, previousSecretExpiresAt: true, minSeverity: true, rateLimit: true },
    ...{ quietHours: true, active: true, health: true, failingSince: true },
  },
  'notification-preferences': { notices: true },
  workflow: {
    ...{ environment: true, name: true, description: true, trigger: true, active: true, allowSelfTrigger: true },
    ...{ priority: true, cooldownSeconds: true, maxRunsPerDay: true, concurrency: true, timeoutSeconds: true },
    ...{ strict: true, recordSkips: true, catchUp: true, draft: true, deployed: true, firstVersion: true },
    ...{ lastVersion: true, deletedAt: true },
  },
  'workflow-version': {
    ...{ environment: true, workflowId: true, version: true, deployedBy: true, rollbackOf: true, env: true },
    ...{ deflated: true, bytes: true, hash: true },
  },
  variable: { environment: true, name: true, value: true },
  secret: { environment: true, name: true, encryptedValue: true },
  'mail-template': { ...{ environment: true, name: true, subject: true, html: true, text: true } },
  connection: {
    ...{ environment: true, name: true, host: true, port: true, database: true, user: true },
    ...{ encryptedPassword: true, tls: true },
  },
  replay: {
    ...{
      environment: true,
      name: true,
      kind: true,
      matchedMax: true,
      webhookId: true,
      from: true,
      to: true,
      selectors: true,
      onlyFailed: true,
      ratePerSecond: true,
    },
    ...{ state: true, stateReason: true, requestedBy: true, startedAt: true, endedAt: true, progress: true },
  },
}

describe('examples of the ingress', () => {
  const tags = createIngressTags(EXAMPLES_SECRET)
  const emits = named(examplesOf('emits'))

  it.each(emits.filter(([, { shows }]) => shows.startsWith('http')))(
    '%s carries the tag that the platform would give it',
    (_, example) => {
      const { topic, value } = asRecord(example)
      const { 'clarion-tag': tag, ...headers } = example.headers as Record<string, string>
      expect(tag).toBe(tags.sign(topic, Object.entries(headers), value!))
    },
  )

  it.each(emits.filter(([, { shows }]) => !shows.startsWith('http')))(
    '%s carries no tag of the platform',
    (_, example) => {
      const { topic, headers, value } = asRecord(example)
      expect(tags.verify(topic, headers, value)).toBe(false)
    },
  )
})

it.each(named(examplesOf('events')))('the headers of %s say all of the event, once', (_, example) => {
  const organizationId = example.topic.split('.')[1]!
  const { headers } = asRecord(example)
  const facts = readEventHeaders(headers, organizationId)
  const { subscribers, ...others } = example.headers
  expect(Object.fromEntries(eventHeaders(facts, []).filter(([name]) => name !== 'subscribers'))).toEqual(others)
  if (subscribers !== undefined) expect(readSubscribers(headers.subscribers!).length).toBeGreaterThan(0)
  expect(facts).toMatchObject({ organizationId, environment: example.topic.endsWith('.test') ? 'test' : 'live' })
})
