/** Partitions of an organization's topics: the operator's call. */

import type { Partitions } from '../../control-plane/kafka/partitions.ts'
import { getOrganization } from '../../control-plane/store/get-organization.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Organization } from '../../model/organizations.ts'
import { planOf } from '../../model/plans.ts'
import type { Answer, Call } from '../http/route.ts'

export function createPartitionHandlers({ partitions, view }: { partitions: Partitions; view: ControlView }) {
  return {
    get: (call: Call): Answer => ({ data: present(getOrganization(view, call.params.id!)) }),
    async grow(call: Call): Promise<Answer> {
      const { partitions: count } = call.body as { partitions: number }
      return { data: present(await partitions.grow(call.caller, call.params.id!, count)) }
    },
  }
}

const present = ({ id, partitions, plan }: Organization) => ({
  id,
  partitions,
  partitionsMax: planOf(plan).partitionsMax,
})
