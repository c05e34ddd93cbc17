import { TestEnvironment } from 'jest-environment-node'
import { PATIENCE, patient } from './patience.ts'

/** Node's environment, in which the limit of every test and hook is multiplied by `PATIENCE`, once all of them are known. */
export default class PatientEnvironment extends TestEnvironment {
  handleTestEvent(event, state) {
    if (event.name !== 'run_start' || PATIENCE === 1) return
    state.testTimeout = patient(state.testTimeout)
    extend(state.rootDescribeBlock)
  }
}

function extend({ hooks, children }) {
  for (const hook of hooks) if (hook.timeout) hook.timeout = patient(hook.timeout)
  for (const child of children) {
    if (child.type === 'describeBlock') extend(child)
    else if (child.timeout) child.timeout = patient(child.timeout)
  }
}
