/**
 * Issues and revokes Kafka credentials: a change of the control plane, then of the broker.
 *
 *     issue:  user with a password and no rights ──► record ──► rights ──► answer
 *     revoke: record removed ──► rights removed, then the user ──► answer
 *
 * A crash in between leaves a user without rights, or a record that the next start applies to the broker.
 */
import type { Clock, Random } from '../clock.ts'
import type { KafkaCredentials, NewKafkaCredential } from '../control-plane/kafka/credentials.ts'
import type { Caller } from '../control-plane/store/announce.ts'
import { createAccounts } from '../kafka/admin/accounts.ts'
import type { KafkaSettings } from '../kafka/protocol/wire.ts'
import type { Logger } from '../logger.ts'
import { ClarionError } from '../model/codes.ts'
import type { ControlView } from '../model/control-view.ts'
import type { Ids } from '../model/ids.ts'
import type { KafkaCredential } from '../model/kafka-credentials.ts'
import type { KafkaSecurityProtocol } from '../model/security-protocol.ts'
import { CREDENTIAL_PREFIX, followControl } from './follow-control.ts'

const PASSWORD_BYTES = 32
/** How long a call waits for the broker to apply a change; a later one is applied in the background. */
const FOLLOWED_WITHIN_MS = 10_000

/** Where organizations' own clients connect. */
export interface ClientListener {
  /** host:port, separated by commas. */
  bootstrapServers: string
  securityProtocol: KafkaSecurityProtocol
}

export interface KafkaAccess {
  readonly listener: ClientListener
  /**
   * The answer is the only one with the password. Errors: `conflict` (too many), `service_unavailable` (the broker;
   * nothing is left behind).
   */
  issue(
    caller: Caller,
    organizationId: string,
    input: NewKafkaCredential,
  ): Promise<{ credential: KafkaCredential; password: string }>
  /**
   * Its sessions lose all rights at once. Errors: `not_found`; `service_unavailable`: it is deleted, and the broker
   * follows later.
   */
  revoke(caller: Caller, organizationId: string, id: string): Promise<void>
  close(): Promise<void>
}

export function createKafkaAccess(deps: {
  view: ControlView
  credentials: KafkaCredentials
  kafka: KafkaSettings
  listener: ClientListener
  ids: Ids
  clock: Clock
  random: Random
  logger: Logger
}): KafkaAccess {
  const { credentials, clock } = deps
  const accounts = createAccounts(deps)
  const follower = followControl({ ...deps, accounts })

  async function followed(organizationId: string): Promise<void> {
    let late: (error: Error) => void = () => undefined
    const limit = clock.after(FOLLOWED_WITHIN_MS, () =>
      late(new Error(`the broker has not followed within ${FOLLOWED_WITHIN_MS / 1000} s`)),
    )
    try {
      await Promise.race([follower.reconciled(organizationId), new Promise((_, reject) => (late = reject))])
    } finally {
      limit.cancel()
    }
  }

  async function issue(caller: Caller, organizationId: string, input: NewKafkaCredential) {
    const id = deps.ids.next(CREDENTIAL_PREFIX)
    const password = deps.random.bytes(PASSWORD_BYTES).toString('base64url')
    await accounts.createUser(id, password).catch(cause => {
      throw unavailable('The credential was not made: the broker does not take it now.', cause)
    })
    const credential = await credentials.create(caller, organizationId, id, input)
    try {
      await followed(organizationId)
    } catch (cause) {
      await credentials.delete(caller, organizationId, id)
      throw unavailable('The credential was not made: the broker does not take it now.', cause)
    }
    return { credential, password }
  }

  return {
    listener: deps.listener,
    issue,
    async revoke(caller, organizationId, id) {
      await credentials.delete(caller, organizationId, id)
      await followed(organizationId).catch(cause => {
        throw unavailable('The credential is deleted; the broker has not taken that over yet, and will.', cause)
      })
    },
    close: () => follower.close(),
  }
}

const unavailable = (message: string, cause: unknown) =>
  new ClarionError('service_unavailable', message, { retryAfterS: 5, cause })
