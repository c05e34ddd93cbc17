/** Every route that asks ClickHouse, while ClickHouse is away, hangs, or is answered for by something else. */
import { historyFaults } from './history-faults.ts'

historyFaults(1)
