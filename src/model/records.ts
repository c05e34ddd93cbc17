/**
 * The kinds of records of the control plane. Each record is stored whole under the key `<kind>/<organization>/<id>` of
 * the topic `control`.
 */
import type { ApiKey } from './api-keys.ts'
import type { Connection } from './connections.ts'
import type { DriftFinding } from './drift.ts'
import type { FederationGroup, FederationMember, FederationPush } from './federation.ts'
import type { Inspector } from './inspectors.ts'
import type { KafkaCredential } from './kafka-credentials.ts'
import type { Login } from './logins.ts'
import type { MailTemplate } from './mail-templates.ts'
import type { Fork, Listing } from './marketplace.ts'
import type { NotificationChannel, NotificationPreferences } from './notifications.ts'
import type { Organization } from './organizations.ts'
import type { QueueRecord } from './queues.ts'
import type { Registration } from './registrations.ts'
import type { Replay } from './replays.ts'
import type { SecretKeyRecord } from './secret-keys.ts'
import type { Shadow } from './shadows.ts'
import type { Webhook } from './webhooks.ts'
import type { SealedSecret, Variable, Workflow, WorkflowVersion } from './workflows.ts'

export interface RecordsByKind {
  organization: Organization
  key: ApiKey
  registration: Registration
  webhook: Webhook
  'federation-group': FederationGroup
  'federation-member': FederationMember
  'federation-push': FederationPush
  listing: Listing
  fork: Fork
  'drift-finding': DriftFinding
  'kafka-credential': KafkaCredential
  replay: Replay
  queue: QueueRecord
  'notification-channel': NotificationChannel
  'notification-preferences': NotificationPreferences
  workflow: Workflow
  'workflow-version': WorkflowVersion
  variable: Variable
  secret: SealedSecret
  connection: Connection
  'mail-template': MailTemplate
  shadow: Shadow
  'secret-key': SecretKeyRecord
  login: Login
  inspector: Inspector
}
export type Kind = keyof RecordsByKind
export const KINDS = [
  'organization',
  'key',
  'registration',
  'webhook',
  'federation-group',
  'federation-member',
  'federation-push',
  'listing',
  'fork',
  'drift-finding',
  'kafka-credential',
  'replay',
  'queue',
  'notification-channel',
  'notification-preferences',
  'workflow',
  'workflow-version',
  'variable',
  'secret',
  'connection',
  'mail-template',
  'shadow',
  'secret-key',
  'login',
  'inspector',
] as const satisfies readonly Kind[]
