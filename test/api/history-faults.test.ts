/** Routes that ask ClickHouse under some of its faults, and every fault on some routes; all of them: history-faults.long.test.ts. */
import { historyFaults } from './history-faults.ts'

historyFaults(27)
