/** A shard whose transactions fail for certain takes back what they changed, and goes on as if they had never been. */
import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { LogRecord, OutRecord, ShardTask } from '../../../src/kafka/ports.ts'
import { emits } from '../../../topics/emits.ts'
import { platformEmits } from '../../../topics/platform-emits.ts'
import { asRecord, examplesOf, folderOf } from '../../topics/example-records.ts'
import { asRead, type NotingHandle, openAdmit } from './in-process.ts'

/** Beyond the positions of the examples' state. */
const OFFSET = 4300
const examples = [...examplesOf(folderOf(emits.pattern)), ...examplesOf(platformEmits.name)].map(example => asRecord(example))

interface Open {
  shard: ShardTask
  handle: NotingHandle
}

function start(state: LogRecord[] = []): Open {
  const { shard, handle } = openAdmit({ state })
  void shard.start()
  return { shard, handle }
}

/** What a transaction of what was received since the last one writes. */
function seal({ shard, handle }: Open): OutRecord[] {
  return [...handle.written.splice(0), ...shard.seal()]
}

const receive = ({ shard }: Open, records: LogRecord[]) => {
  for (const record of records) shard.receive([record], record.offset + 1, false)
}

it('judges again to the same bytes, whatever was rolled back and when, and as a restored one does', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ does: fc.constant('receive' as const), example: fc.nat(examples.length - 1) }) },
    { weight: 4, arbitrary: fc.record({ does: fc.constantFrom('seal' as const, 'commit' as const, 'roll back' as const) }) },
  )
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), steps => {
      const subject = start()
      /** Of each committed transaction: what was received for it, and what it wrote. */
      const committed: Array<{ received: LogRecord[]; written: OutRecord[] }> = []
      let sealed: { received: LogRecord[]; written: OutRecord[] } | undefined
      let received: LogRecord[] = []
      let offset = OFFSET
      for (const each of steps) {
        if (each.does === 'receive') {
          const record = { ...examples[each.example]!, offset: offset++ }
          receive(subject, [record])
          received.push(record)
        } else if (each.does === 'seal' && !sealed) {
          sealed = { received, written: seal(subject) }
          received = []
        } else if (each.does === 'commit' && sealed) {
          subject.shard.committed!()
          committed.push(sealed)
          sealed = undefined
        } else if (each.does === 'roll back') {
          subject.handle.written.splice(0)
          subject.shard.rollback!()
          received = [...(sealed?.received ?? []), ...received]
          sealed = undefined
          receive(subject, received)
        }
      }
      if (sealed) {
        subject.shard.committed!()
        committed.push(sealed)
      }
      committed.push({ received, written: seal(subject) })

      const undisturbed = start()
      for (const transaction of committed) {
        receive(undisturbed, transaction.received)
        expect(seal(undisturbed)).toEqual(transaction.written)
        undisturbed.shard.committed!()
      }
      subject.shard.committed!()
      const restored = start(asRead(committed.flatMap(({ written }) => written)))
      const last = examples.map(record => ({ ...record, offset: offset++ }))
      const [own, theirs] = [subject, restored].map(open => {
        receive(open, last)
        const written = seal(open)
        open.shard.close()
        return written
      })
      undisturbed.shard.close()
      expect(own).toEqual(theirs)
    }),
    { numRuns: 40 },
  )
}, 60_000)
