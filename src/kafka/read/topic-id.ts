/**
 * Detects that a topic was deleted and made again. One broker may be behind, or resume after a long stop, so two
 * brokers have to agree if there are two.
 */
import { metadataRequest } from '../protocol/metadata-requests.ts'
import type { Wire } from '../protocol/wire.ts'

const AGREEING = 2

/** True when enough brokers report this id for the topic of this name. */
export async function confirmTopicId(
  wire: Pick<Wire, 'send' | 'sendToAny'>,
  topic: string,
  topicId: string,
): Promise<boolean> {
  const { brokers } = await wire.sendToAny(metadataRequest([]))
  const answers = await Promise.allSettled(brokers.map(({ nodeId }) => wire.send(nodeId, metadataRequest([topic]))))
  const agreeing = answers.filter(
    answer =>
      answer.status === 'fulfilled' &&
      answer.value.topics.some(({ id, errorCode }) => errorCode === 0 && id === topicId),
  )
  return agreeing.length >= Math.min(AGREEING, brokers.length)
}
