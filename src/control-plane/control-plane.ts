/** Composes the writing side of the control plane: one store, and the aggregates that change through it. */
import type { Clock, Random } from '../clock.ts'
import { createSecretBox } from '../crypto/secret-box.ts'
import type { CheckAddresses } from '../delivery/check-addresses.ts'
import type { Logger } from '../logger.ts'
import type { ClarionError } from '../model/codes.ts'
import type { Ids } from '../model/ids.ts'
import type { Validators } from '../registry/validators.ts'
import { createDrift, type Drift } from './drift/drift.ts'
import { createFederation, type Federation } from './federation/federation.ts'
import { createInspectors, type Inspectors } from './inspectors/inspectors.ts'
import { createKafkaCredentials, type KafkaCredentials } from './kafka/credentials.ts'
import { createPartitions, type PartitionProvisioning, type Partitions } from './kafka/partitions.ts'
import { createMarketplace, type Marketplace } from './marketplace/marketplace.ts'
import { createReportChannelHealth, type ReportChannelHealth } from './notifications/channel-health.ts'
import { type Channels, createChannels } from './notifications/channels.ts'
import { createPreferences, type Preferences } from './notifications/preferences.ts'
import { type CompatibilityModes, createCompatibilityModes } from './organizations/compatibility-modes.ts'
import { createDeletionGrace, type DeletionGrace } from './organizations/deletion-grace.ts'
import { createKeyUses, type KeyUses } from './organizations/key-uses.ts'
import { createKeys, type Keys } from './organizations/keys.ts'
import { createLifecycleNames, type LifecycleNames } from './organizations/lifecycle-names.ts'
import { createOrganizations, type Organizations, type Provisioning } from './organizations/organizations.ts'
import { createQueues, type Queues } from './queues/queues.ts'
import { createRegistering } from './registrations/registering.ts'
import { createRegistrationRules, type RegistrationRules } from './registrations/registration-check.ts'
import { createRegistrations, type Registrations } from './registrations/registrations.ts'
import { createRedrives, type Redrives } from './replays/redrives.ts'
import { createReplays, type Replays } from './replays/replays.ts'
import { createRetention, type Retention } from './retention/retention.ts'
import { createLogins, type Logins } from './sessions/logins.ts'
import { createOperatorAccess, type OperatorAccess } from './sessions/operator-access.ts'
import type { CheckBroker } from './sinks/sink-config.ts'
import { createSinks, type Sinks } from './sinks/sinks.ts'
import { createAnnounce } from './store/announce.ts'
import type { ControlLog } from './store/control-log.ts'
import { createSecretKeys, type SecretKeyCare } from './store/secret-keys.ts'
import { createControlStore } from './store/store.ts'
import type { ControlViewStore } from './store/view-store.ts'
import { createShadows, type Shadows } from './webhooks/shadows.ts'
import { createReportHealth, type ReportHealth } from './webhooks/webhook-health.ts'
import { createWebhooks, type Webhooks } from './webhooks/webhooks.ts'
import { type Connections, createConnections } from './workflows/connections.ts'
import { createDeployments, type Deployments } from './workflows/deployments.ts'
import { createDrafts, type Drafts } from './workflows/drafts.ts'
import { createMailTemplates, type MailTemplates } from './workflows/mail-templates.ts'
import { createRouteChanges, type Routes } from './workflows/routes.ts'
import { createSecrets, createVariables, type Named } from './workflows/variables.ts'
import { createWorkflows, type Workflows } from './workflows/workflows.ts'

export interface ControlPlane {
  organizations: Organizations
  lifecycleNames: LifecycleNames
  keys: Keys
  keyUses: KeyUses
  logins: Logins
  operatorAccess: OperatorAccess
  registrations: Registrations
  compatibilityModes: CompatibilityModes
  webhooks: Webhooks
  sinks: Sinks
  shadows: Shadows
  replays: Replays
  redrives: Redrives
  queues: Queues
  inspectors: Inspectors
  kafkaCredentials: KafkaCredentials
  partitions: Partitions
  registrationRules: RegistrationRules
  federation: Federation
  marketplace: Marketplace
  drift: Drift
  deletionGrace: DeletionGrace
  reportHealth: ReportHealth
  channels: Channels
  reportChannel: ReportChannelHealth
  notificationPreferences: Preferences
  retention: Retention
  workflows: Workflows
  apiRoutes: Routes
  drafts: Drafts
  deployments: Deployments
  variables: Named<'variable'>
  environmentSecrets: Named<'secret'>
  connections: Connections
  mailTemplates: MailTemplates
  secretKeys: SecretKeyCare
}

export interface ControlPlaneDeps {
  view: ControlViewStore
  log: ControlLog
  provisioning: Provisioning & PartitionProvisioning
  /** `CLARION_SECRET_KEY`. */
  secretKey: string
  /** `CLARION_SECRET_KEY_PREVIOUS`. */
  previousSecretKey?: string | undefined
  /** Fingerprints of all keys given to the process, including one marked as lost; by default those of the two keys. */
  knownKeyIds?: readonly string[]
  logger?: Logger
  /** The egress guard. */
  checkUrl(url: string): ClarionError | undefined
  /** Resolves the host name of a URL and checks its addresses; absent: they are checked at each connection only. */
  checkAddresses?: CheckAddresses
  /** The egress guard, for brokers of sinks; absent: they are judged at each connection only. */
  checkBroker?: CheckBroker
  /** The partition of `audit.changes` that an organization's rows go to. */
  shardOf(organizationId: string): number
  /** Compiles schemas. */
  validators: Validators
  /** `CLARION_TIME_SCALE`; 1 by default. */
  timeScale?: number
  ids: Ids
  clock: Clock
  random: Random
}

export function createControlPlane(deps: ControlPlaneDeps): ControlPlane {
  const store = createControlStore(deps)
  const announce = createAnnounce(deps)
  const registrationRules = createRegistrationRules(deps)
  const secrets = createSecretBox(deps)
  const registering = createRegistering({ ...deps, announce, registrationRules })
  const shared = { ...deps, store, announce, registrationRules, registering, secrets }
  const workflows = createWorkflows(shared)
  return {
    organizations: createOrganizations(shared),
    reportHealth: createReportHealth(shared),
    channels: createChannels(shared),
    reportChannel: createReportChannelHealth(shared),
    notificationPreferences: createPreferences(shared),
    keys: createKeys(shared),
    keyUses: createKeyUses(shared),
    logins: createLogins(shared),
    operatorAccess: createOperatorAccess(shared),
    registrations: createRegistrations(shared),
    compatibilityModes: createCompatibilityModes(shared),
    registrationRules,
    federation: createFederation(shared),
    marketplace: createMarketplace(shared),
    drift: createDrift(shared),
    deletionGrace: createDeletionGrace(shared),
    replays: createReplays(shared),
    redrives: createRedrives(shared),
    queues: createQueues(shared),
    inspectors: createInspectors(shared),
    retention: createRetention(shared),
    kafkaCredentials: createKafkaCredentials(shared),
    lifecycleNames: createLifecycleNames(shared),
    partitions: createPartitions(shared),
    webhooks: createWebhooks(shared),
    sinks: createSinks(shared),
    shadows: createShadows(shared),
    workflows,
    apiRoutes: createRouteChanges({ ...shared, workflows }),
    drafts: createDrafts(shared),
    deployments: createDeployments(shared),
    variables: createVariables(shared),
    environmentSecrets: createSecrets(shared),
    connections: createConnections(shared),
    mailTemplates: createMailTemplates(shared),
    secretKeys: createSecretKeys(shared),
  }
}
