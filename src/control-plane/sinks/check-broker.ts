/** Whether a broker may be dialled, as far as its name says; each connection judges its addresses. */
import { type AddressGuard, KAFKA_PORTS } from '../../delivery/address-guard.ts'
import type { CheckBroker } from './sink-config.ts'

/** `allowPlain`: connections need no TLS (`EGRESS_ALLOW_HTTP`). */
export function createCheckBroker(deps: { guard: Pick<AddressGuard, 'problemOf'>; allowPlain: boolean }): CheckBroker {
  return ({ host, port, tls }) =>
    tls || deps.allowPlain
      ? deps.guard.problemOf(host, port, KAFKA_PORTS)
      : { rule: 'tls', message: 'is off: connections outside are encrypted' }
}
