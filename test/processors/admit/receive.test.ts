import { describePositions } from './receive/positions.ts'
import { describeWaits } from './receive/waits.ts'

describeWaits()
describePositions()
