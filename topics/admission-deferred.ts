import { byDefault, bytes, codecOf, long, oneOf, record, type ValueOf } from './avro.ts'
import { DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** A record of `platform.emits` that is judged later, since the receiving organization's log takes nothing now. */
export type DeferredEmit = ValueOf<typeof deferredEmitFields>

export const deferredEmitFields = record('DeferredEmit', {
  environment: oneOf('DeferredEnvironment', ['live', 'test']),
  /** Where it is in `platform.emits`, in the partition of the shard. */
  offset: long,
  timestampMs: long,
  /** Its value, as it came. */
  emit: bytes,
  /** The offset of `control` up to which the view must reach before it is judged; -1: any, and in records of earlier releases. */
  controlOffset: byDefault(-1, long),
})

export const deferredEmitCodec = codecOf(deferredEmitFields)

/** The emit's id comes from its position in `platform.emits`, so it is unique, also when that topic is made anew. */
export const deferredKeys = {
  of: (organizationId: string, id: string) => `${organizationId}/${id}`,
  organizationOf: (key: string) => key.slice(0, key.indexOf('/')),
}

export const admissionDeferred: Topic = {
  name: 'admission.deferred',
  meaning: 'The state of `admit`: records of `platform.emits` that wait for paused organizations.',
  key: '<org>/<emit id>',
  value: 'Avro DeferredEmit',
  partitions: 'shards',
  producers: ['admit'],
  consumers: ['admit'],
  cleanup: 'compact',
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
