/** The parts of processes in removals, with a clock that the test moves, and organizations with records of every kind. */
import { createControlPlane } from '../../src/control-plane/control-plane.ts'
import { PAGE_RECORDS } from '../../src/control-plane/retention/clearing.ts'
import { createAnnounce } from '../../src/control-plane/store/announce.ts'
import type { ControlLog } from '../../src/control-plane/store/control-log.ts'
import { type Change, createControlStore } from '../../src/control-plane/store/store.ts'
import type { OutRecord } from '../../src/kafka/ports.ts'
import { createIds } from '../../src/model/ids.ts'
import { KINDS, type Kind, type RecordsByKind } from '../../src/model/records.ts'
import { createValidators } from '../../src/registry/validators.ts'
import { control } from '../../topics/control.ts'
import { type ControlProcess, clock, random } from './control-plane-harness.ts'

export const caller = { actorId: 'operator', requestId: 'req_1' }
const LATER_KINDS = KINDS.filter(kind => kind !== 'organization' && kind !== 'secret-key')

/** Organizations of this file: others of the run's broker belong to other files, and keep what they have. */
export const mine = new Set<string>()
const sweeping = ({ view }: ControlProcess) => ({
  find: view.find,
  list: view.list,
  onChange: view.onChange,
  organization: (id: string) => (mine.has(id) ? view.organization(id) : undefined),
  organizations: () => [...view.organizations()].filter(({ id }) => mine.has(id)),
})

/** The machine's clock, ahead by as much as the test says. */
export function movable() {
  let aheadMs = 0
  const ahead = (ms: number) => {
    aheadMs += ms
  }
  return { ...clock, nowMs: () => clock.nowMs() + aheadMs, ahead }
}

/** One process's part in it, and the transactions that it makes. */
export function partOf(process: ControlProcess, time: ReturnType<typeof movable>) {
  const transactions: OutRecord[][] = []
  const log: ControlLog = {
    async transact(build) {
      let records: OutRecord[] = []
      const done = await process.log.transact(() => {
        records = build().records
        return { records }
      })
      transactions.push(records)
      return done
    },
  }
  const ids = createIds({ clock: time, random })
  const shared = { ...process, log, ids, clock: time, random, announce: createAnnounce({ ids, clock: time }) }
  const store = createControlStore(shared)
  const plane = createControlPlane({
    ...{ ...shared, checkUrl: () => undefined, validators: createValidators({ cacheMax: 10 }) },
    secretKey: 'a secret of the tests',
  })
  const written = () => transactions.map(records => records.filter(({ topic }) => topic === control.name).length)
  return { ...shared, view: sweeping(process), store, plane, transactions, written }
}

/** So many records of a kind, as they are stored; only what identifies them matters here. */
export async function fill(
  store: ReturnType<typeof createControlStore>,
  organizationId: string,
  kind: Kind,
  count: number,
  facts: object = {},
) {
  for (let at = 0; at < count; at += 1_000) {
    const numbers = Array.from({ length: Math.min(1_000, count - at) }, (_, index) => at + index)
    const record = (n: number) => ({
      id: `${kind}-${n}`,
      organizationId,
      revision: 1,
      createdAt: String(n),
      updatedAt: '',
      ...facts,
    })
    const records = numbers.map(n => ({ kind, record: record(n) as unknown as RecordsByKind[Kind] }) as Change)
    await store.change(random.bytes(8).toString('hex'), () => ({ records, changes: [], result: undefined }))
  }
}

export const countsOf = ({ view }: ControlProcess, id: string) =>
  Object.fromEntries(
    LATER_KINDS.map(kind => [kind, view.list(kind, id).length] as const).filter(([, count]) => count > 0),
  )

export async function topicsOf({ wire }: ControlProcess, id: string): Promise<string[]> {
  const names = [`emits.${id}`, `events.${id}`, `emits.${id}.test`, `events.${id}.test`]
  return (await wire.metadata(names)).filter(({ errorCode }) => errorCode === 0).map(({ topic }) => topic)
}

/** An organization with more than a page of records, and one of every other kind. */
export async function grown(part: ReturnType<typeof partOf>) {
  const { organization } = await part.plane.organizations.create(caller, {
    name: 'Grown',
    ownerEmail: 'owner@example.test',
  })
  const { id } = organization
  mine.add(id)
  await part.provisioning.createOrganizationTopics({ id, partitions: 1 }, 'test')
  for (const kind of LATER_KINDS) await fill(part.store, id, kind, 1)
  await fill(part.store, id, 'registration', 2 * PAGE_RECORDS, { namespace: 'grown', name: 'event', version: '1.0.0' })
  return organization
}
