/** A shard whose transactions certainly failed undoes their changes, and continues as if they had never been. */
import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { LogRecord, OutRecord, ShardTask } from '../../../src/kafka/ports.ts'
import { admissionDeferred } from '../../../topics/admission-deferred.ts'
import { emits } from '../../../topics/emits.ts'
import { events } from '../../../topics/events.ts'
import { platformEmits } from '../../../topics/platform-emits.ts'
import { asRecord, examplesOf, folderOf } from '../../topics/example-records.ts'
import { asRead, type NotingHandle, openAdmit } from './in-process.ts'

/** Beyond the positions of the examples' state. */
const OFFSET = 4300
const examples = [...examplesOf(folderOf(emits.pattern)), ...examplesOf(platformEmits.name)].map(example =>
  asRecord(example),
)

const ORGANIZATION = examplesOf(platformEmits.name)[0]!.key as string
const LOG = events.nameFor(ORGANIZATION, 'live')

interface Open {
  shard: ShardTask
  handle: NotingHandle
}

function start(state: LogRecord[] = []): Open {
  const { shard, handle } = openAdmit({ state })
  void shard.start()
  return { shard, handle }
}

/** The output of a transaction over the records received since the last one. */
function seal({ shard, handle }: Open): OutRecord[] {
  return [...handle.written.splice(0), ...shard.seal()]
}

/** A record, and whether the organization's log was unavailable when it came. */
interface Received {
  record: LogRecord
  isAway: boolean
}

function receive({ shard, handle }: Open, { record, isAway }: Received): void {
  if (isAway) handle.away.add(LOG)
  else handle.away.delete(LOG)
  shard.receive([record], record.offset + 1, false)
}

/** Deferred emits are an input, too: taken from its front while the log is available. */
function takeOffered({ handle }: Open): LogRecord | undefined {
  const [offered] = handle.offered.values()
  return offered?.shift()
}

const isDeferred = ({ record }: Received): boolean => record.topic.startsWith(admissionDeferred.name)

interface Transaction {
  received: Received[]
  written: OutRecord[]
}

it('judges again to the same bytes, whatever was rolled back, deferred and when, and as a restored one does', () => {
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ does: fc.constant('receive' as const), example: fc.nat(examples.length - 1) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        does: fc.constantFrom('take what is deferred' as const, 'log goes' as const, 'log comes' as const),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ does: fc.constantFrom('seal' as const, 'commit' as const, 'roll back' as const) }),
    },
  )
  let deferredOnce = 0
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), steps => {
      const subject = start()
      const committed: Transaction[] = []
      let sealed: Transaction | undefined
      let received: Received[] = []
      let offset = OFFSET
      let isAway = false
      const take = (record: LogRecord | undefined) => {
        if (!record) return
        receive(subject, { record, isAway })
        received.push({ record, isAway })
      }
      for (const each of steps) {
        if (each.does === 'receive') take({ ...examples[each.example]!, offset: offset++ })
        else if (each.does === 'take what is deferred' && !isAway) take(takeOffered(subject))
        else if (each.does === 'log goes') isAway = true
        else if (each.does === 'log comes') isAway = false
        else if (each.does === 'seal' && !sealed) {
          sealed = { received, written: seal(subject) }
          received = []
        } else if (each.does === 'commit' && sealed) {
          subject.shard.committed!()
          committed.push(sealed)
          sealed = undefined
        } else if (each.does === 'roll back') {
          subject.handle.written.splice(0)
          subject.shard.rollback!()
          const again = [...(sealed?.received ?? []), ...received]
          received = []
          sealed = undefined
          // Deferred emits are offered again by themselves.
          for (const one of again) if (!isDeferred(one)) take(one.record)
        }
      }
      if (sealed) {
        subject.shard.committed!()
        committed.push(sealed)
      }
      committed.push({ received, written: seal(subject) })
      subject.shard.committed!()

      const undisturbed = start()
      for (const transaction of committed) {
        for (const one of transaction.received) {
          if (isDeferred(one)) expect(takeOffered(undisturbed)).toEqual(one.record)
          receive(undisturbed, one)
        }
        expect(seal(undisturbed)).toEqual(transaction.written)
        undisturbed.shard.committed!()
      }
      const restored = start(asRead(committed.flatMap(({ written }) => written)))
      const last = examples.map(record => ({ record: { ...record, offset: offset++ }, isAway: false }))
      const [own, theirs] = [subject, restored].map(open => {
        for (const one of last) receive(open, one)
        const rest: LogRecord[] = []
        for (let record = takeOffered(open); record; record = takeOffered(open)) {
          rest.push(record)
          receive(open, { record, isAway: false })
        }
        deferredOnce += rest.length
        const written = seal(open)
        open.shard.close()
        return { rest, written }
      })
      undisturbed.shard.close()
      expect(own).toEqual(theirs)
    }),
    { numRuns: 60 },
  )
  expect(deferredOnce).toBeGreaterThan(0)
}, 60_000)
