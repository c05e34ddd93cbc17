/**
 * Kafka credentials: how an organization's own applications log in to the broker. See
 * docs/specification/kafka.md#credentials.
 */

import type { NewKafkaCredential } from '../../control-plane/kafka/credentials.ts'
import type { ClientListener, KafkaAccess } from '../../kafka-access/access.ts'
import { namesOf } from '../../kafka-access/grants.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { KafkaCredential } from '../../model/kafka-credentials.ts'
import { ownerOf } from '../http/caller.ts'
import { pageOf, pagingOf } from '../http/paging.ts'
import type { Answer, Call } from '../http/route.ts'

const MECHANISM = 'SCRAM-SHA-512'

export function createKafkaCredentialHandlers({ view, kafkaAccess }: { view: ControlView; kafkaAccess: KafkaAccess }) {
  const present = (credential: KafkaCredential) => {
    const { organizationId, ...facts } = credential
    return { ...facts, ...kafkaAccess.listener, mechanism: MECHANISM, ...namesOf(organizationId) }
  }

  return {
    async create(call: Call): Promise<Answer> {
      const organizationId = liveOwner(call)
      const { credential, password } = await kafkaAccess.issue(
        call.caller,
        organizationId,
        call.body as NewKafkaCredential,
      )
      return { data: { ...present(credential), password, ...settingsOf(credential, password, kafkaAccess.listener) } }
    },
    list(call: Call): Answer {
      const { items, nextCursor } = pageOf(
        'kafka-credentials',
        view.list('kafka-credential', liveOwner(call)),
        pagingOf(call.query),
      )
      return { data: items.map(present), nextCursor }
    },
    get(call: Call): Answer {
      const credential = view.find('kafka-credential', liveOwner(call), call.params.id!)
      if (credential === undefined) throw new ClarionError('not_found', 'There is no such Kafka credential.')
      return { data: present(credential) }
    },
    async delete(call: Call): Promise<Answer> {
      await kafkaAccess.revoke(call.caller, liveOwner(call), call.params.id!)
      return { data: { id: call.params.id, deleted: true } }
    },
  }
}

function liveOwner(call: Call): string {
  const { organizationId, environment } = ownerOf(call)
  if (environment === 'live') return organizationId
  throw new ClarionError(
    'live_environment_only',
    'Kafka access is for the live environment; the test environment is HTTP only. Use a live key.',
  )
}

/**
 * A client's configuration, under the names of Java's clients, and of librdkafka, which has no JAAS. Both set
 * `isolation.level`, so that no client reads records of open or aborted transactions by default.
 */
function settingsOf({ username, organizationId, access }: KafkaCredential, password: string, listener: ClientListener) {
  const shared = {
    'bootstrap.servers': listener.bootstrapServers,
    'security.protocol': listener.securityProtocol,
    'sasl.mechanism': MECHANISM,
  }
  const more = {
    'isolation.level': 'read_committed',
    ...(access === 'produce'
      ? {}
      : { 'group.id': `${namesOf(organizationId).groupPrefix}main`, 'auto.offset.reset': 'earliest' }),
  }
  const login = `org.apache.kafka.common.security.scram.ScramLoginModule required username="${username}" password="${password}";`
  return {
    clientProperties: { ...shared, 'sasl.jaas.config': login, ...more },
    librdkafkaProperties: { ...shared, 'sasl.username': username, 'sasl.password': password, ...more },
  }
}
