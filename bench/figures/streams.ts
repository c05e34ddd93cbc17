/** Admission beside an application on Kafka Streams that does the same work: what a team would write instead. */

import { kafkaStreamsRate } from '../kafka-streams.ts'
import { median } from '../rates.ts'
import { type Row, short, whole } from '../table.ts'
import type { Testbed } from '../testbed.ts'
import { admissionRateOf } from './admission.ts'

const GOAL = 1
/** As many as the machine has cores: with more it was slower. */
const THREADS = 2

export async function measureStreams(testbed: Testbed): Promise<Row[]> {
  const measure = await admissionRateOf(testbed)
  const pairs: Array<{ clarion: number; baseline: number }> = []
  try {
    for (let round = 0; round < testbed.options.rounds; round++) {
      const baseline = await kafkaStreamsRate(testbed, THREADS)
      pairs.push({ baseline, clarion: await measure.rate() })
    }
  } finally {
    await measure.close()
  }
  const ratio = median(pairs.map(({ clarion, baseline }) => clarion / baseline))
  return [
    {
      figure: 'admission from Kafka, emits/s, beside Kafka Streams',
      clarion: whole(median(pairs.map(pair => pair.clarion))),
      baseline: `${whole(median(pairs.map(pair => pair.baseline)))} (Kafka Streams)`,
      ratio: short(ratio),
      goal: `≥ ${GOAL}`,
      holds: ratio >= GOAL,
    },
  ]
}
