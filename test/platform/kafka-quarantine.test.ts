/** Rejected records of direct Kafka access: none is lost, none stops a neighbour, and each can be repaired. */

import { describeBrokenRecords } from './kafka-quarantine/broken-records.ts'
import { describeEntries } from './kafka-quarantine/entries.ts'
import { useQuarantine } from './kafka-quarantine/set-up.ts'
import { describeVerdicts } from './kafka-quarantine/verdicts.ts'

useQuarantine()

describeEntries()
describeVerdicts()
describeBrokenRecords()
