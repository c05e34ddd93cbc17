/**
 * Kafka credentials in the control plane: who may connect, with which rights. The broker follows
 * (`src/kafka-access/follow-control.ts`). The broker alone knows the password; it is never stored here.
 */
import type { Clock } from '../../clock.ts'
import { ClarionError } from '../../model/codes.ts'
import type { Ids } from '../../model/ids.ts'
import type { KafkaCredential } from '../../model/kafka-credentials.ts'
import type { Announce, Caller } from '../store/announce.ts'
import { getOrganization } from '../store/get-organization.ts'
import type { ControlStore } from '../store/store.ts'

/** Per organization: each costs the broker a user, seven ACL rules and a quota. */
export const CREDENTIALS_MAX = 50

export interface NewKafkaCredential {
  name: string
  access: KafkaCredential['access']
}

export interface KafkaCredentials {
  /** `id` is the credential's and the broker's name of the user. Errors: `conflict` when there are too many. */
  create(caller: Caller, organizationId: string, id: string, input: NewKafkaCredential): Promise<KafkaCredential>
  /** Errors: `not_found`. */
  delete(caller: Caller, organizationId: string, id: string): Promise<void>
}

export function createKafkaCredentials(deps: {
  store: ControlStore
  ids: Ids
  clock: Clock
  announce: Announce
}): KafkaCredentials {
  const { store, ids, clock, announce } = deps
  const about = (organizationId: string, entityId: string) => ({
    organizationId,
    entityType: 'kafka-credential' as const,
    entityId,
  })

  return {
    create: (caller, organizationId, id, { name, access }) => {
      const now = new Date(clock.nowMs()).toISOString()
      const credential: KafkaCredential = {
        id,
        organizationId,
        revision: 1,
        createdAt: now,
        updatedAt: now,
        name,
        access,
        username: id,
      }
      return store.change(ids.next('chg'), current => {
        getOrganization(current, organizationId)
        if (current.list('kafka-credential', organizationId).length >= CREDENTIALS_MAX)
          throw new ClarionError(
            'conflict',
            `An organization has at most ${CREDENTIALS_MAX} Kafka credentials; delete one first.`,
          )
        return {
          records: [{ kind: 'kafka-credential', record: credential }],
          changes: [
            announce(caller, {
              ...about(organizationId, id),
              type: 'KAFKA_CREDENTIAL_CREATED',
              data: { name, access },
            }),
          ],
          result: credential,
        }
      })
    },
    delete: (caller, organizationId, id) =>
      store.change(ids.next('chg'), current => {
        const credential = current.find('kafka-credential', organizationId, id)
        if (credential === undefined) throw new ClarionError('not_found', 'There is no such Kafka credential.')
        const { name, access } = credential
        return {
          records: [{ kind: 'kafka-credential', remove: { organizationId, id } }],
          changes: [
            announce(caller, {
              ...about(organizationId, id),
              type: 'KAFKA_CREDENTIAL_DELETED',
              data: { name, access },
            }),
          ],
          result: undefined,
        }
      }),
  }
}
